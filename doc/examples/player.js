#!/usr/bin/gjs -m
// Copyright 2026 The libdbr authors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Shows the window of a player on the session bus.

import Dbr from 'gi://Dbr?version=1';
import Gio from 'gi://Gio';
import GLib from 'gi://GLib';
import Gtk from 'gi://Gtk?version=4.0';

import {PlayerWindow} from './player-window.js';

Gtk.init();
const loop = new GLib.MainLoop(null, false);
const window = new PlayerWindow(Dbr.Client.new(Gio.BusType.SESSION));
window.connect('close-request', () => loop.quit());
window.present();
window.follow();
loop.run();
