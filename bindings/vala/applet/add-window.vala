// Copyright 2026 The libdbr authors
// SPDX-License-Identifier: LGPL-2.1-or-later

// A name on a bus that may be watched.
public class Health.Candidate : Object {
    public string name { get; construct; }
    public bool is_running { get; construct; }
    public bool is_watched { get; set; }

    public Candidate (string name, bool is_running, bool is_watched) {
        Object (name: name, is_running: is_running, is_watched: is_watched);
    }
}

[GtkTemplate (ui = "/org/dbr/Health/ui/name-row.ui")]
public class Health.NameRow : Gtk.Box {
    [GtkChild]
    unowned Gtk.Label title;
    [GtkChild]
    unowned Gtk.Label subtitle;
    [GtkChild]
    unowned Gtk.Image mark;

    Candidate? _candidate;
    public Candidate? candidate {
        get { return _candidate; }
        set {
            if (_candidate != null)
                _candidate.notify["is-watched"].disconnect (refresh);
            _candidate = value;
            if (_candidate != null) {
                _candidate.notify["is-watched"].connect (refresh);
                refresh ();
            }
        }
    }

    void refresh () {
        title.label = candidate.name;
        if (candidate.is_watched)
            subtitle.label = _("Watched");
        else
            subtitle.label = candidate.is_running ? _("Running") : _("Not running");
        mark.icon_name = candidate.is_watched ? "object-select-symbolic" : "list-add-symbolic";
        ((Gtk.Accessible) get_parent ()).update_property (Gtk.AccessibleProperty.LABEL,
            "%s, %s".printf (title.label, subtitle.label), -1);
    }
}

// Picks names from a bus. Pressing one watches it, and pressing it again lets go of it.
[GtkTemplate (ui = "/org/dbr/Health/ui/add-window.ui")]
public class Health.AddWindow : Adw.Window {
    [GtkChild]
    unowned Gtk.ToggleButton session_button;
    [GtkChild]
    unowned Gtk.ToggleButton system_button;
    [GtkChild]
    unowned Gtk.SearchEntry search;
    [GtkChild]
    unowned Gtk.Stack pages;
    [GtkChild]
    unowned Adw.StatusPage error_page;
    [GtkChild]
    unowned Gtk.Button again_button;
    [GtkChild]
    unowned Gtk.ListView list;

    Watch watch;
    ListStore names = new ListStore (typeof (Candidate));
    Gtk.StringFilter filter;
    Gtk.FilterListModel filtered;
    Cancellable cancellable = new Cancellable ();

    public AddWindow (Gtk.Window parent, Watch watch) {
        Object (transient_for: parent);
        this.watch = watch;
        filter =
            new Gtk.StringFilter (new Gtk.PropertyExpression (typeof (Candidate), null, "name"));
        filter.match_mode = SUBSTRING;
        filtered = new Gtk.FilterListModel (names, filter);
        var factory = new Gtk.SignalListItemFactory ();
        factory.setup.connect ((item) => ((Gtk.ListItem) item).child = new NameRow ());
        factory.bind.connect ((item) => {
            var entry = (Gtk.ListItem) item;
            ((NameRow) entry.child).candidate = (Candidate) entry.item;
        });
        factory.unbind.connect ((item) => ((NameRow) ((Gtk.ListItem) item).child).candidate = null);
        list.factory = factory;
        list.model = new Gtk.NoSelection (filtered);
        list.activate.connect ((position) => toggle ((Candidate) filtered.get_item (position)));
        search.search_changed.connect (on_search);
        search.activate.connect (on_activate);
        // The entry has Escape for itself.
        search.stop_search.connect (close);
        filtered.items_changed.connect (show_pages);
        // The other one of the two is toggled as well.
        session_button.toggled.connect (begin_load);
        again_button.clicked.connect (begin_load);
        system_button.active = !has_client (SESSION) && has_client (SYSTEM);
        begin_load ();
        search.grab_focus ();
    }

    public override bool close_request () {
        cancellable.cancel ();

        return base.close_request ();
    }

    bool has_client (BusType bus) {
        return watch.get_client (bus).state == CONNECTED;
    }

    BusType get_bus () {
        return session_button.active ? BusType.SESSION : BusType.SYSTEM;
    }

    void begin_load () {
        cancellable.cancel ();
        cancellable = new Cancellable ();
        load.begin (get_bus (), cancellable);
    }

    async void load (BusType bus, Cancellable cancellable) {
        var client = watch.get_client (bus);
        pages.visible_child_name = "loading";
        try {
            var running = yield client.list_names_async (false, cancellable);
            var known = yield client.list_names_async (true, cancellable);
            fill (bus, running, known);
        } catch (Error error) {
            if (cancellable.is_cancelled ())
                return;
            error_page.description = Markup.escape_text (Dbr.Error.explain (error));
            pages.visible_child_name = "error";
        }
    }

    void fill (BusType bus, string[] running, string[] known) {
        var all = new GenericSet<string> (str_hash, str_equal);
        var is_running = new GenericSet<string> (str_hash, str_equal);
        foreach (unowned var name in running) {
            is_running.add (name);
            all.add (name);
        }
        foreach (unowned var name in known)
            all.add (name);
        Object[] candidates = {};
        all.foreach ((name) => {
            // A number is nobody's name, and the bus itself is watched by every connection.
            if (!name.has_prefix (":") && name != "org.freedesktop.DBus" && name != Application.ID)
                candidates +=
                    new Candidate (name, name in is_running, watch.find (bus, name) != null);
        });
        names.splice (0, names.get_n_items (), candidates);
        names.sort ((a, b) => {
            var first = (Candidate) a;
            var second = (Candidate) b;
            if (first.is_running != second.is_running)
                return first.is_running ? -1 : 1;
            return strcmp (first.name, second.name);
        });
        on_search ();
    }

    // A name that nobody has yet is offered as soon as it is typed in full.
    void on_search () {
        var text = search.text.strip ();
        for (var i = (int) names.get_n_items () - 1; i >= 0; i--) {
            var candidate = (Candidate) names.get_item (i);
            if (candidate.get_data<bool> ("is-typed"))
                names.remove (i);
        }
        filter.search = text;
        if (filtered.get_n_items () == 0 && DBus.is_name (text) && !DBus.is_unique_name (text)) {
            var candidate = new Candidate (text, false, watch.find (get_bus (), text) != null);
            candidate.set_data<bool> ("is-typed", true);
            names.append (candidate);
        }
        show_pages ();
    }

    // Who types fast presses Return before the list has followed, and a name may be part of others.
    void on_activate () {
        on_search ();
        for (var i = 0; i < filtered.get_n_items (); i++) {
            var candidate = (Candidate) filtered.get_item (i);
            if (filtered.get_n_items () == 1 || candidate.name == filter.search) {
                toggle (candidate);
                return;
            }
        }
    }

    void show_pages () {
        if (pages.visible_child_name != "error")
            pages.visible_child_name = filtered.get_n_items () > 0 ? "list" : "none";
    }

    void toggle (Candidate candidate) {
        var service = watch.find (get_bus (), candidate.name);
        if (service != null)
            watch.remove (service);
        else
            watch.add (get_bus (), candidate.name);
        candidate.is_watched = service == null;
    }
}
