// Copyright 2026 The libdbr authors
// SPDX-License-Identifier: LGPL-2.1-or-later

// One beat a second for all that is seen of the services, so that fifty of them cost one frame.
public class Health.Pulse : Object {
    static Pulse? instance;
    uint source = 0;
    uint users = 0;

    public signal void beat ();

    public static Pulse get_default () {
        if (instance == null)
            instance = new Pulse ();

        return instance;
    }

    public void join () {
        if (users++ == 0)
            source = Timeout.add_seconds (1, () => {
                beat ();
                return Source.CONTINUE;
            });
    }

    public void leave () {
        if (--users == 0) {
            Source.remove (source);
            source = 0;
        }
    }
}

[GtkTemplate (ui = "/org/dbr/Health/ui/service-row.ui")]
public class Health.ServiceRow : Gtk.Box {
    [GtkChild]
    unowned Gtk.Image icon;
    [GtkChild]
    unowned Gtk.Label title;
    [GtkChild]
    unowned Gtk.Label subtitle;
    [GtkChild]
    unowned Gtk.Label latency;
    [GtkChild]
    unowned Sparkline sparkline;

    Service? _service;
    public Service? service {
        get { return _service; }
        set {
            if (_service != null)
                _service.monitor.notify["state"].disconnect (refresh);
            _service = value;
            sparkline.service = value;
            if (_service != null)
                _service.monitor.notify["state"].connect (refresh);
            refresh ();
        }
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

    void refresh () {
        if (service == null || !get_mapped ())
            return;
        var state = service.monitor.state;
        icon.icon_name = Text.get_state_icon (state);
        Text.set_style (icon, Text.get_state_style (state));
        title.label = service.name;
        subtitle.label = _("%s · %s").printf (Text.name_state (state), Text.name_bus (service.bus));
        latency.label = service.is_up ? Text.format_time (service.monitor.latency_usec) : "";
        sparkline.queue_draw ();
        // The row as a whole is what the keyboard reaches, and what a screen reader reads.
        ((Gtk.Accessible) get_parent ()).update_property (Gtk.AccessibleProperty.LABEL,
            "%s, %s".printf (title.label, subtitle.label), -1);
    }
}
