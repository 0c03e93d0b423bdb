// Copyright 2026 The libdbr authors
// SPDX-License-Identifier: LGPL-2.1-or-later

[GtkTemplate (ui = "/org/dbr/Health/ui/services-page.ui")]
public class Health.ServicesPage : Adw.Bin {
    [GtkChild]
    unowned Gtk.Stack pages;
    [GtkChild]
    unowned Adw.Leaflet leaflet;
    [GtkChild]
    unowned Gtk.Box sidebar;
    [GtkChild]
    unowned Gtk.SearchEntry search;
    [GtkChild]
    unowned Gtk.Label summary;
    [GtkChild]
    unowned Gtk.Stack found;
    [GtkChild]
    unowned Gtk.ListView list;
    [GtkChild]
    unowned ServiceView view;

    // One service is shown, and hides the list.
    public bool is_deep { get; private set; default = false; }

    Watch watch;
    Gtk.SingleSelection selection;
    Gtk.StringFilter filter;
    Gtk.CustomSorter sorter;

    public signal void timeline_wanted (Service service);

    static construct {
        typeof (ServiceView).ensure ();
        typeof (Sparkline).ensure ();
    }

    public void begin (Watch watch) {
        this.watch = watch;
        filter = new Gtk.StringFilter (new Gtk.PropertyExpression (typeof (Service), null, "name"));
        filter.match_mode = SUBSTRING;
        var filtered = new Gtk.FilterListModel (watch.services, filter);
        // What hangs is seen at once, however many are watched.
        sorter = new Gtk.CustomSorter ((a, b) => {
            return (int) ((Service) b).is_stalled - (int) ((Service) a).is_stalled;
        });
        var sorted = new Gtk.SortListModel (filtered, sorter);
        selection = new Gtk.SingleSelection (sorted) { autoselect = true };
        var factory = new Gtk.SignalListItemFactory ();
        factory.setup.connect ((item) => ((Gtk.ListItem) item).child = new ServiceRow ());
        factory.bind.connect ((item) => {
            var entry = (Gtk.ListItem) item;
            ((ServiceRow) entry.child).service = (Service) entry.item;
        });
        factory.unbind.connect ((item) => ((ServiceRow) ((Gtk.ListItem) item).child).service =
            null);
        list.factory = factory;
        list.model = selection;

        search.search_changed.connect (() => filter.search = search.text);
        search.set_key_capture_widget (sidebar);
        list.activate.connect (() => leaflet.navigate (FORWARD));
        selection.notify["selected-item"].connect (show_selected);
        selection.items_changed.connect (show_pages);
        watch.services.items_changed.connect (show_pages);
        watch.stalls_changed.connect (sort);
        leaflet.notify["folded"].connect (show_depth);
        leaflet.notify["visible-child"].connect (show_depth);
        view.begin (watch);
        view.removed.connect (leave);
        view.timeline_wanted.connect (() => timeline_wanted (view.service));
        show_selected ();
        show_pages ();
    }

    public override void dispose () {
        if (watch != null) {
            watch.services.items_changed.disconnect (show_pages);
            watch.stalls_changed.disconnect (sort);
        }
        base.dispose ();
    }

    public override void map () {
        base.map ();
        Pulse.get_default ().join ();
        Pulse.get_default ().beat.connect (summarize);
        summarize ();
    }

    public override void unmap () {
        Pulse.get_default ().beat.disconnect (summarize);
        Pulse.get_default ().leave ();
        base.unmap ();
    }

    public void leave () {
        leaflet.navigate (BACK);
    }

    public void begin_search () {
        leave ();
        search.grab_focus ();
    }

    void sort () {
        sorter.changed (DIFFERENT);
    }

    void show_depth () {
        is_deep = leaflet.folded && leaflet.visible_child == view;
    }

    void show_selected () {
        view.service = (Service?) selection.selected_item;
        watch.close_up = view.service;
    }

    void show_pages () {
        pages.visible_child_name = watch.services.get_n_items () > 0 ? "list" : "empty";
        found.visible_child_name = selection.get_n_items () > 0 ? "some" : "none";
        if (watch.services.get_n_items () == 0)
            leave ();
        summarize ();
    }

    void summarize () {
        uint healthy = 0;
        uint troubled = 0;
        var count = watch.services.get_n_items ();
        for (var i = 0; i < count; i++) {
            var state = ((Service) watch.services.get_item (i)).monitor.state;
            if (state == HEALTHY)
                healthy++;
            else if (Text.is_trouble (state))
                troubled++;
        }
        var text =
            ngettext ("%u of %u service is healthy", "%u of %u services are healthy",
                count).printf (healthy, count);
        if (troubled > 0)
            text =
                _("%s, %s").printf (text, ngettext ("%u is in trouble", "%u are in trouble",
                    troubled).printf (troubled));
        summary.label = text;
    }
}
