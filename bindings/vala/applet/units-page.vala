// Copyright 2026 The libdbr authors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Units that have failed, why, and a button that starts them again.
[GtkTemplate (ui = "/org/dbr/Health/ui/units-page.ui")]
public class Health.UnitsPage : Adw.Bin {
    [GtkChild]
    unowned Gtk.Stack pages;
    [GtkChild]
    unowned Adw.StatusPage status;
    [GtkChild]
    unowned Adw.PreferencesPage groups;

    Dbr.SystemdMonitor system;
    Dbr.SystemdMonitor user;

    public void begin (Watch watch) {
        system = watch.system;
        user = watch.user;
        groups.add (new UnitGroup (system, _("System")));
        groups.add (new UnitGroup (user, _("Session")));
        foreach (var monitor in new Dbr.SystemdMonitor[] { system, user }) {
            monitor.failed_units.items_changed.connect (show_pages);
            monitor.notify["available"].connect (show_pages);
            monitor.notify["system-state"].connect (show_pages);
        }
        show_pages ();
    }

    public override void dispose () {
        if (system != null) {
            foreach (var monitor in new Dbr.SystemdMonitor[] { system, user }) {
                monitor.failed_units.items_changed.disconnect (show_pages);
                monitor.notify["available"].disconnect (show_pages);
                monitor.notify["system-state"].disconnect (show_pages);
            }
        }
        base.dispose ();
    }

    void show_pages () {
        var count = system.failed_units.get_n_items () + user.failed_units.get_n_items ();
        pages.visible_child_name = count > 0 ? "list" : "status";
        if (system.system_state == null && user.system_state == null) {
            status.icon_name = "network-offline-symbolic";
            status.title = _("systemd Cannot Be Reached");
            status.description =
                _("Neither the machine's nor the session's is on its bus, so that nothing is known "
                + "of units. All else works.");
        } else {
            status.icon_name = "emblem-ok-symbolic";
            status.title = _("No Unit Has Failed");
            status.description = describe ();
        }
    }

    string describe () {
        string[] lines = {};
        if (system.system_state != null)
            lines +=
                ngettext ("System: %d unit", "System: %d units",
                    system.n_units).printf (system.n_units);
        if (user.system_state != null)
            lines +=
                ngettext ("Session: %d unit", "Session: %d units",
                    user.n_units).printf (user.n_units);

        return string.joinv ("\n", lines);
    }
}

class Health.UnitGroup : Adw.PreferencesGroup {
    Dbr.SystemdMonitor monitor;
    GenericArray<UnitRow> rows = new GenericArray<UnitRow> ();

    public UnitGroup (Dbr.SystemdMonitor monitor, string title) {
        Object (title: title);
        this.monitor = monitor;
        monitor.failed_units.items_changed.connect (change);
        change (0, 0, monitor.failed_units.get_n_items ());
    }

    public override void dispose () {
        if (monitor != null)
            monitor.failed_units.items_changed.disconnect (change);
        base.dispose ();
    }

    // Only what has changed: a row that somebody has opened stays open.
    void change (uint position, uint removed, uint added) {
        for (var i = position; i < rows.length; i++)
            remove (rows[i]);
        var kept = new GenericArray<UnitRow> ();
        for (var i = 0; i < rows.length; i++) {
            if (i < position || i >= position + removed)
                kept.add (rows[i]);
        }
        for (var i = 0; i < added; i++)
            kept.insert ((int) position + i,
                new UnitRow ((Dbr.Unit) monitor.failed_units.get_item (position + i)));
        rows = kept;
        for (var i = position; i < rows.length; i++)
            add (rows[i]);
        visible = rows.length > 0;
    }
}

class Health.UnitRow : Adw.ExpanderRow {
    Dbr.Unit unit;
    Gtk.Button button;
    string? reason;
    GenericArray<Gtk.Widget> reasons = new GenericArray<Gtk.Widget> ();

    public UnitRow (Dbr.Unit unit) {
        this.unit = unit;
        title = Markup.escape_text (unit.name);
        var icon = new Gtk.Image.from_icon_name ("dialog-error-symbolic");
        icon.add_css_class ("error");
        add_prefix (icon);
        button = new Gtk.Button.with_label (_("Restart")) { valign = CENTER };
        button.update_property (Gtk.AccessibleProperty.DESCRIPTION, unit.name, -1);
        button.clicked.connect (() => restart.begin ());
        add_action (button);
        unit.notify.connect (refresh);
        refresh ();
        explain.begin ();
    }

    public override void dispose () {
        if (unit != null)
            unit.notify.disconnect (refresh);
        base.dispose ();
    }

    void refresh () {
        string[] facts = {};
        if (unit.description != null && unit.description != "" && unit.description != unit.name)
            facts += unit.description;
        if (reason != null)
            facts += reason;
        subtitle = Markup.escape_text (string.joinv (" · ", facts));
    }

    void show_reason (string text, string icon_name) {
        var row = new Adw.ActionRow () { title = Markup.escape_text (text), title_lines = 0 };
        row.add_prefix (new Gtk.Image.from_icon_name (icon_name));
        add_row (row);
        reasons.add (row);
    }

    // The first reason is seen at once, all of them when the row is opened.
    async void explain () {
        string[] texts = {};
        var icon_name = "dialog-information-symbolic";
        try {
            var events = yield unit.explain_async ();
            for (var i = 0; i < events.get_n_items (); i++)
                texts += ((Dbr.Event) events.get_item (i)).text;
        } catch (Error error) {
            icon_name = "dialog-warning-symbolic";
            texts += Dbr.Error.explain (error);
        }
        if (texts.length == 0)
            texts += _("systemd does not say why");
        reasons.foreach ((row) => remove (row));
        reasons.remove_range (0, reasons.length);
        foreach (unowned var text in texts)
            show_reason (text, icon_name);
        reason = texts[0];
        refresh ();
    }

    async void restart () {
        // When it runs again it has left the page.
        var window = (Gtk.Widget) get_root ();
        button.sensitive = false;
        try {
            yield unit.restart_async (INTERACTIVE);
            Window.tell (window, _("%s runs again").printf (unit.name));
        } catch (Error error) {
            Window.tell_error (window, error);
            explain.begin ();
        }
        button.sensitive = true;
    }
}
