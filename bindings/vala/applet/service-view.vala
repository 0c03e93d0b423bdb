// Copyright 2026 The libdbr authors
// SPDX-License-Identifier: LGPL-2.1-or-later

// One service, in full.
[GtkTemplate (ui = "/org/dbr/Health/ui/service-view.ui")]
public class Health.ServiceView : Adw.Bin {
    const uint N_LATELY = 5;

    [GtkChild]
    unowned Gtk.ScrolledWindow content;
    [GtkChild]
    unowned Gtk.Image icon;
    [GtkChild]
    unowned Gtk.Label title;
    [GtkChild]
    unowned Gtk.Label state;
    [GtkChild]
    unowned Gtk.Label description;
    [GtkChild]
    unowned Gtk.Button recover_button;
    [GtkChild]
    unowned Gtk.ToggleButton minute_button;
    [GtkChild]
    unowned Gtk.ToggleButton ten_minutes_button;
    [GtkChild]
    unowned Gtk.ToggleButton hour_button;
    [GtkChild]
    unowned Chart chart;
    [GtkChild]
    unowned Gtk.Label waiting;
    [GtkChild]
    unowned Gtk.Label latest;
    [GtkChild]
    unowned Gtk.Label median;
    [GtkChild]
    unowned Gtk.Label p95;
    [GtkChild]
    unowned Gtk.Label p99;
    [GtkChild]
    unowned Adw.ActionRow restarts_row;
    [GtkChild]
    unowned Gtk.Label restarts;
    [GtkChild]
    unowned Adw.ActionRow owner_row;
    [GtkChild]
    unowned Gtk.Label owner;
    [GtkChild]
    unowned Adw.ActionRow probe_row;
    [GtkChild]
    unowned Gtk.Label probe;
    [GtkChild]
    unowned Adw.ActionRow since_row;
    [GtkChild]
    unowned Gtk.Label since;
    [GtkChild]
    unowned Adw.ActionRow detection_row;
    [GtkChild]
    unowned Gtk.Label detection;
    [GtkChild]
    unowned Gtk.ListBox lately;

    Watch watch;
    SimpleActionGroup actions;

    public signal void timeline_wanted ();
    // Nothing is left to be shown here.
    public signal void removed ();

    const ActionEntry[] ACTIONS = {
        { "check", on_check },
        { "copy", on_copy },
        { "export", on_export },
        { "recover", on_recover },
        { "remove", on_remove },
        { "timeline", on_timeline },
    };

    Service? _service;
    public Service? service {
        get { return _service; }
        set {
            if (_service == value)
                return;
            if (_service != null) {
                _service.monitor.notify["state"].disconnect (refresh);
                _service.moments.items_changed.disconnect (show_lately);
            }
            _service = value;
            chart.service = value;
            // Of none there is nothing to be seen, and nothing to be done for it.
            content.visible = value != null;
            foreach (unowned var entry in ACTIONS)
                ((SimpleAction) actions.lookup_action (entry.name)).set_enabled (value != null);
            if (_service != null) {
                _service.monitor.notify["state"].connect (refresh);
                _service.moments.items_changed.connect (show_lately);
                show_lately ();
            }
            refresh ();
        }
    }

    static construct {
        typeof (Chart).ensure ();
    }

    construct {
        actions = new SimpleActionGroup ();
        actions.add_action_entries (ACTIONS, this);
        insert_action_group ("service", actions);
    }

    public void begin (Watch watch) {
        this.watch = watch;
        var seconds = watch.settings.chart_seconds;
        minute_button.active = seconds < 600;
        ten_minutes_button.active = seconds >= 600 && seconds < 3600;
        hour_button.active = seconds >= 3600;
        minute_button.toggled.connect (choose_length);
        ten_minutes_button.toggled.connect (choose_length);
        hour_button.toggled.connect (choose_length);
        choose_length ();
    }

    public override void dispose () {
        service = null;
        base.dispose ();
    }

    public override void map () {
        base.map ();
        Pulse.get_default ().join ();
        Pulse.get_default ().beat.connect (refresh);
        refresh ();
    }

    public override void unmap () {
        Pulse.get_default ().beat.disconnect (refresh);
        Pulse.get_default ().leave ();
        base.unmap ();
    }

    void choose_length () {
        var seconds = hour_button.active ? 3600 : ten_minutes_button.active ? 600 : 60;
        chart.length = seconds * TimeSpan.SECOND;
        watch.settings.chart_seconds = seconds;
        refresh ();
    }

    void refresh () {
        if (service == null)
            return;
        var monitor = service.monitor;
        icon.icon_name = Text.get_state_icon (monitor.state);
        Text.set_style (icon, Text.get_state_style (monitor.state));
        title.label = service.name;
        state.label =
            _("%s · %s").printf (Text.name_state (monitor.state), Text.name_bus (service.bus));
        description.label = Text.describe_state (monitor.state);
        // Always at hand in its menu; in sight when it may help.
        recover_button.visible = Text.is_stall (monitor.state) || monitor.state == ABSENT;
        waiting.visible = service.series.n_samples == 0;
        var figures = service.series.measure (get_monotonic_time () - chart.length);
        latest.label = Text.format_time (monitor.available ? monitor.latency_usec : -1);
        median.label = Text.format_time (figures.median);
        p95.label = Text.format_time (figures.p95);
        p99.label = Text.format_time (figures.p99);
        show_detail (restarts_row, restarts, monitor.restarts.to_string ());
        show_detail (owner_row, owner,
            monitor.state == BUS_LOST ? "–" : monitor.owner ?? _("None"));
        show_detail (probe_row, probe, describe_probe (monitor));
        show_detail (since_row, since,
            monitor.since_usec > 0 ? Text.format_moment (monitor.since_usec) : "–");
        show_detail (detection_row, detection,
            _("%u s").printf ((monitor.detection_ms + 999) / 1000));
    }

    // The keyboard reaches the row as a whole, and a screen reader reads what that has.
    static void show_detail (Adw.ActionRow row, Gtk.Label label, string text) {
        if (label.label == text)
            return;
        label.label = text;
        row.update_property (Gtk.AccessibleProperty.DESCRIPTION, text, -1);
    }

    static string describe_probe (Dbr.ServiceMonitor monitor) {
        if (monitor.owner == null)
            return "–";
        return monitor.probe_kind == PROPERTY ? _("A property, by its main loop") : _("Ping");
    }

    void show_lately () {
        Gtk.ListBoxRow? row;
        while ((row = lately.get_row_at_index (0)) != null)
            lately.remove (row);
        for (var i = 0; i < uint.min (service.moments.get_n_items (), N_LATELY); i++) {
            var event_row = new EventRow ();
            lately.append (new Gtk.ListBoxRow () { child = event_row, activatable = false });
            event_row.show_event (((Moment) service.moments.get_item (i)).event);
        }
    }

    Window get_window () {
        return (Window) get_root ();
    }

    void on_check () {
        check.begin (service);
    }

    async void check (Service service) {
        try {
            var usec = yield service.monitor.check_async ();
            Window.tell (this, _("%s answered within %s").printf (service.name,
                Text.format_time (usec)));
        } catch (Error error) {
            Window.tell_error (this, error);
        }
    }

    void on_copy () {
        get_clipboard ().set_text (service.name);
        Window.tell (this, _("The name is on the clipboard"));
    }

    void on_export () {
        var exported = service;
        var length = chart.length;
        get_window ().save.begin (_("Export Chart"), exported.name + ".png", (path) => {
            return Exporter.draw_chart (exported, length, path.has_suffix (".svg"));
        });
    }

    void on_recover () {
        var recovery = watch.get_recovery (service);
        new RecoverWindow (get_window (), recovery, "", service.name).present ();
    }

    void on_remove () {
        var removed_service = service;
        // Another page goes on with what is its own.
        var text =
            watch.is_own (removed_service) ? _("%s is no longer in the list")
            : _("%s is no longer watched");
        watch.remove (removed_service);
        removed ();
        var toast = new Adw.Toast (text.printf (removed_service.name)) {
            button_label = _("Undo"),
        };
        toast.button_clicked.connect (() => watch.restore (removed_service));
        Window.add_toast (this, toast);
    }

    void on_timeline () {
        timeline_wanted ();
    }
}
