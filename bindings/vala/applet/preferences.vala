// Copyright 2026 The libdbr authors
// SPDX-License-Identifier: LGPL-2.1-or-later

[GtkTemplate (ui = "/org/dbr/Health/ui/preferences.ui")]
public class Health.Preferences : Adw.PreferencesWindow {
    // In the order of the choices.
    const uint[] INTERVALS = { 1000, 2000, 5000, 10000 };

    [GtkChild]
    unowned Adw.ComboRow interval_row;
    [GtkChild]
    unowned Gtk.Switch background_switch;
    [GtkChild]
    unowned Gtk.Switch notifications_switch;

    public Preferences (Gtk.Window parent, Settings settings) {
        Object (transient_for: parent);
        for (var i = 0; i < INTERVALS.length; i++) {
            if (INTERVALS[i] <= settings.interval_ms)
                interval_row.selected = i;
        }
        interval_row.notify["selected"].connect (() => settings.interval_ms =
            INTERVALS[interval_row.selected]);
        settings.bind_property ("background", background_switch, "active",
            SYNC_CREATE | BIDIRECTIONAL);
        settings.bind_property ("notifications", notifications_switch, "active",
            SYNC_CREATE | BIDIRECTIONAL);
    }
}
