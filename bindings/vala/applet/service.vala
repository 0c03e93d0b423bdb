// Copyright 2026 The libdbr authors
// SPDX-License-Identifier: LGPL-2.1-or-later

// A service that is watched, and what was seen of it.
public class Health.Service : Object {
    public Dbr.ServiceMonitor monitor { get; construct; }
    public BusType bus { get; construct; }
    public string name { get { return monitor.bus_name; } }
    public Series series { get; private set; }
    public bool is_up { get { return monitor.available && !is_stalled; } }
    public bool is_stalled { get; private set; default = false; }
    // Of Moment: what happened to it and what was done for it, the newest one first.
    public ListModel moments { get; private set; }

    ListStore histories;
    Dbr.Recovery? _recovery;
    // Most services never need one; it is whoever needs it that makes it.
    public Dbr.Recovery? recovery {
        get { return _recovery; }
        set {
            _recovery = value;
            add_history (value.history);
        }
    }

    // Something that is shown has changed. Not more than that: whoever shows it reads it.
    public signal void changed ();

    public Service (Dbr.ServiceMonitor monitor, BusType bus) {
        Object (monitor: monitor, bus: bus);
    }

    construct {
        series = new Series ();
        histories = new ListStore (typeof (ListModel));
        var sorter = new Gtk.CustomSorter ((a, b) => Moment.compare ((Moment) a, (Moment) b));
        moments = new Gtk.SortListModel (new Gtk.FlattenListModel (histories), sorter);
        add_history (monitor.history);
        on_state ();
        monitor.notify["latency-usec"].connect (on_latency);
        monitor.notify["state"].connect (on_state);
        monitor.stalled.connect ((silent_usec) => {
            series.add_span (get_monotonic_time () - silent_usec, STALLED);
            changed ();
        });
        monitor.restarted.connect (() => {
            series.add_restart (get_monotonic_time ());
            changed ();
        });
        monitor.notify["restarts"].connect (() => changed ());
        monitor.notify["owner"].connect (() => changed ());
        monitor.notify["probe-kind"].connect (() => changed ());
    }

    void add_history (ListModel history) {
        // What the list keeps must not keep the service: it would outlive its removal.
        var of_name = name;
        var of_bus = bus;
        histories.append (new Gtk.MapListModel (history, (item) => {
            return new Moment ((Dbr.Event) item, of_name, of_bus);
        }));
    }

    void on_latency () {
        if (monitor.latency_usec < 0)
            return;
        series.add_sample (get_monotonic_time (), monitor.latency_usec);
        changed ();
    }

    void on_state () {
        is_stalled = Text.is_stall (monitor.state);
        series.add_span (get_monotonic_time (), monitor.state);
        changed ();
    }
}

public class Health.Moment : Object {
    public Dbr.Event event { get; construct; }
    public string name { get; construct; }
    public BusType bus { get; construct; }

    // What is told at one moment is told in this order.
    const string[] ORDER = { "stalled", "vanished", "appeared", "restarted", "recovered" };

    public Moment (Dbr.Event event, string name, BusType bus) {
        Object (event: event, name: name, bus: bus);
    }

    int get_rank () {
        for (var i = 0; i < ORDER.length; i++) {
            if (ORDER[i] == event.kind)
                return i;
        }

        return -1;
    }

    // The newest one comes first.
    public static int compare (Moment a, Moment b) {
        if (a.event.when_usec != b.event.when_usec)
            return a.event.when_usec > b.event.when_usec ? -1 : 1;

        return b.get_rank () - a.get_rank ();
    }
}
