// Copyright 2026 The libdbr authors
// SPDX-License-Identifier: LGPL-2.1-or-later

[GtkTemplate (ui = "/org/dbr/Health/ui/event-row.ui")]
public class Health.EventRow : Gtk.Box {
    [GtkChild]
    unowned Gtk.Image icon;
    [GtkChild]
    unowned Gtk.Label text;
    [GtkChild]
    unowned Gtk.Label time;

    public void show_event (Dbr.Event event) {
        icon.icon_name = Text.get_event_icon (event.kind);
        Text.set_style (icon, Text.get_event_style (event.kind));
        text.label = event.text;
        time.label = Text.format_moment (event.when_usec);
        var row = get_parent () as Gtk.Accessible;
        if (row != null)
            row.update_property (Gtk.AccessibleProperty.LABEL, "%s: %s".printf (time.label,
                text.label), -1);
    }
}
