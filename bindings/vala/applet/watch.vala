// Copyright 2026 The libdbr authors
// SPDX-License-Identifier: LGPL-2.1-or-later

// All that is watched: the person's services, Bluetooth and both systemds; what they told, and what
// is wrong. It knows nothing of windows, and goes on without one.
public class Health.Watch : Object {
    // Nobody looks, so nobody needs to know within a second; the library's own interval.
    const uint HIDDEN_INTERVAL_MS = 10000;
    const uint CLOSE_INTERVAL_MS = 1000;
    // As many as a service has events.
    const int MAX_OWN_STALLS = 200;

    public Settings settings { get; construct; }
    public Dbr.Metrics metrics { get; private set; }
    public Dbr.Notifier notifier { get; private set; }
    public Service bluetooth { get; private set; }
    public Dbr.BluezMonitor bluez { get; private set; }
    public Dbr.SystemdMonitor system { get; private set; }
    public Dbr.SystemdMonitor user { get; private set; }
    // Of Service, in the order of their names.
    public ListStore services { get; private set; }
    // Of Moment, the newest one first.
    public ListModel moments { get; private set; }

    // The service that is looked at is asked more often, for a chart that moves.
    public Service? close_up { get; set; }
    public bool is_visible { get; set; default = false; }

    Dbr.Client session_client;
    Dbr.Client system_client;
    ListStore histories;
    GenericArray<Dbr.Event> own_stalls = new GenericArray<Dbr.Event> ();
    // What is watched whether it is in the list or not.
    GenericArray<Service> own = new GenericArray<Service> ();

    public signal void bus_changed ();
    public signal void stalls_changed ();

    public Watch (Settings settings) {
        Object (settings: settings);
    }

    construct {
        metrics = new Dbr.Metrics ();
        session_client = make_client (SESSION);
        system_client = make_client (SYSTEM);
        notifier = new Dbr.Notifier (_("D-Bus Health"));
        services = new ListStore (typeof (Service));
        histories = new ListStore (typeof (ListModel));
        var sorter = new Gtk.CustomSorter ((a, b) => Moment.compare ((Moment) a, (Moment) b));
        var all = new Gtk.SortListModel (new Gtk.FlattenListModel (histories), sorter);
        moments = new Gtk.FilterListModel (all, new Gtk.CustomFilter (is_news));

        bluez = new Dbr.BluezMonitor (system_client);
        system = new Dbr.SystemdMonitor (system_client, SYSTEM);
        user = new Dbr.SystemdMonitor (session_client, USER);

        notify["close-up"].connect (pace_all);
        notify["is-visible"].connect (pace_all);
        settings.notify["interval-ms"].connect (pace_all);
        settings.notify["notifications"].connect (tell_of_all);
    }

    Dbr.Client make_client (BusType bus) {
        var client = new Dbr.Client (bus);
        client.metrics = metrics;
        client.notify["state"].connect (() => bus_changed ());

        return client;
    }

    public Dbr.Client get_client (BusType bus) {
        return bus == SYSTEM ? system_client : session_client;
    }

    public void start () {
        bluetooth = new Service (bluez, SYSTEM);
        own.add (bluetooth);
        own.add (new Service (system, SYSTEM));
        own.add (new Service (user, SESSION));
        own.foreach ((service) => {
            histories.append (service.moments);
            begin_monitor (service.monitor);
        });
        foreach (unowned var text in settings.services) {
            BusType bus;
            string name;
            if (parse (text, out bus, out name) && find (bus, name) == null)
                insert (make_service (bus, name));
        }
        tell_of_all ();
    }

    // Made when it is asked for: most services never need one.
    public Dbr.Recovery get_recovery (Service service) {
        if (service.recovery == null) {
            var tracker = service == bluetooth ? new Dbr.StateTracker (bluez) : null;
            service.recovery = new Dbr.Recovery (service.monitor, tracker);
            if (settings.notifications)
                tell_of (service.recovery);
        }

        return service.recovery;
    }

    // That the program itself was held up each service tells that was asked meanwhile.
    bool is_news (Object item) {
        var event = ((Moment) item).event;
        if (event.kind != "own-stall")
            return true;
        for (var i = 0; i < own_stalls.length; i++) {
            if ((own_stalls[i].when_usec - event.when_usec).abs () < TimeSpan.SECOND)
                return own_stalls[i] == event;
        }
        if (own_stalls.length == MAX_OWN_STALLS)
            own_stalls.remove_index (0);
        own_stalls.add (event);

        return true;
    }

    static bool parse (string text, out BusType bus, out string name) {
        var parts = text.split (":", 2);
        bus = parts[0] == "system" ? BusType.SYSTEM : BusType.SESSION;
        name = parts.length == 2 ? parts[1] : "";

        return DBus.is_name (name) && (parts[0] == "system" || parts[0] == "session");
    }

    void begin_monitor (Dbr.ServiceMonitor monitor) {
        try {
            monitor.start ();
        } catch (Error error) {
            // A setting that the library refuses is a fault of this program.
            critical ("%s: %s", monitor.bus_name, error.message);
        }
    }

    Service make_service (BusType bus, string name) {
        for (var i = 0; i < own.length; i++) {
            if (own[i].bus == bus && own[i].name == name)
                return own[i];
        }

        return new Service (new Dbr.ServiceMonitor (get_client (bus), name), bus);
    }

    public bool is_own (Service service) {
        return own.find (service);
    }

    public Service? find (BusType bus, string name) {
        for (var i = 0; i < services.get_n_items (); i++) {
            var service = (Service) services.get_item (i);
            if (service.bus == bus && service.name == name)
                return service;
        }

        return null;
    }

    void insert (Service service) {
        service.monitor.interval_ms = choose_interval (service);
        service.notify["is-stalled"].connect (on_stalled);
        services.insert_sorted (service, (a, b) => {
            var by_name = strcmp (((Service) a).name, ((Service) b).name);
            return by_name != 0 ? by_name : (int) ((Service) a).bus - (int) ((Service) b).bus;
        });
        if (is_own (service))
            return;
        histories.append (service.moments);
        if (settings.notifications)
            tell_of_service (service);
        begin_monitor (service.monitor);
    }

    void on_stalled () {
        stalls_changed ();
    }

    public void add (BusType bus, string name) {
        if (find (bus, name) == null)
            insert (make_service (bus, name));
        keep ();
    }

    // What was seen of it goes with it: added again it is a new one.
    public void remove (Service service) {
        uint position;
        if (close_up == service)
            close_up = null;
        service.notify["is-stalled"].disconnect (on_stalled);
        if (!is_own (service)) {
            if (histories.find (service.moments, out position))
                histories.remove (position);
            untell_of_service (service);
            service.monitor.stop ();
        }
        if (services.find (service, out position))
            services.remove (position);
        keep ();
    }

    // It was removed by mistake, and comes back with all that was seen of it.
    public void restore (Service service) {
        if (find (service.bus, service.name) == null)
            insert (service);
        keep ();
    }

    void keep () {
        string[] texts = {};
        for (var i = 0; i < services.get_n_items (); i++) {
            var service = (Service) services.get_item (i);
            texts += (service.bus == SYSTEM ? "system:" : "session:") + service.name;
        }
        settings.services = texts;
    }

    uint choose_interval (Service service) {
        if (!is_visible)
            return HIDDEN_INTERVAL_MS;
        if (service == close_up)
            return uint.min (CLOSE_INTERVAL_MS, settings.interval_ms);
        return settings.interval_ms;
    }

    void pace_all () {
        for (var i = 0; i < services.get_n_items (); i++) {
            var service = (Service) services.get_item (i);
            service.monitor.interval_ms = choose_interval (service);
        }
    }

    void tell_of (Object object) {
        try {
            notifier.watch (object);
        } catch (Error error) {
            critical ("%s", error.message);
        }
    }

    void tell_of_service (Service service) {
        tell_of (service.monitor);
        if (service.recovery != null)
            tell_of (service.recovery);
    }

    void untell_of_service (Service service) {
        notifier.unwatch (service.monitor);
        if (service.recovery != null)
            notifier.unwatch (service.recovery);
    }

    void tell_of_all () {
        var all = new GenericSet<Service> (direct_hash, direct_equal);
        own.foreach ((service) => all.add (service));
        for (var i = 0; i < services.get_n_items (); i++)
            all.add ((Service) services.get_item (i));
        notifier.unwatch (metrics);
        if (settings.notifications)
            tell_of (metrics);
        all.foreach ((service) => {
            untell_of_service (service);
            if (settings.notifications)
                tell_of_service (service);
        });
    }
}
