// Copyright 2026 The libdbr authors
// SPDX-License-Identifier: LGPL-2.1-or-later

[GtkTemplate (ui = "/org/dbr/Health/ui/timeline-page.ui")]
public class Health.TimelinePage : Adw.Bin {
    // The kinds of events of each choice, in its order; recoveries are of services and of what was
    // done for them.
    const string[] KINDS = { "", "stalled", "recovered", "restarted", "slow" };

    [GtkChild]
    unowned Gtk.Stack pages;
    [GtkChild]
    unowned Gtk.Stack found;
    [GtkChild]
    unowned Gtk.SearchEntry search;
    [GtkChild]
    unowned Gtk.DropDown kind;
    [GtkChild]
    unowned Gtk.ScrolledWindow scrolled;
    [GtkChild]
    unowned Gtk.ListView list;

    Watch watch;
    Gtk.CustomFilter filter;
    Gtk.FilterListModel filtered;

    public void begin (Watch watch) {
        this.watch = watch;
        filter = new Gtk.CustomFilter (is_wanted);
        filtered = new Gtk.FilterListModel (watch.moments, filter);
        var factory = new Gtk.SignalListItemFactory ();
        factory.setup.connect ((item) => ((Gtk.ListItem) item).child = new EventRow ());
        factory.bind.connect ((item) => {
            var entry = (Gtk.ListItem) item;
            ((EventRow) entry.child).show_event (((Moment) entry.item).event);
        });
        list.factory = factory;
        list.model = new Gtk.NoSelection (filtered);
        search.search_changed.connect (() => filter.changed (DIFFERENT));
        kind.notify["selected"].connect (() => filter.changed (DIFFERENT));
        filtered.items_changed.connect (show_newest);
        filtered.items_changed.connect (show_pages);
        watch.moments.items_changed.connect (show_pages);
        show_pages ();
    }

    public override void dispose () {
        if (watch != null)
            watch.moments.items_changed.disconnect (show_pages);
        base.dispose ();
    }

    public void search_for (string name) {
        kind.selected = 0;
        search.text = name;
    }

    public void begin_search () {
        search.grab_focus ();
    }

    bool is_wanted (Object item) {
        var moment = (Moment) item;
        unowned var wanted = KINDS[kind.selected];
        if (wanted != "" && moment.event.kind != wanted)
            return false;
        var text = search.text.casefold ();
        return text == "" || text in moment.event.text.casefold ()
            || text in moment.name.casefold ();
    }

    // A list stays where it was when something comes in above: right for who reads further down, and
    // for nobody who looks at its beginning.
    void show_newest () {
        if (scrolled.vadjustment.value <= 0)
            list.activate_action ("list.scroll-to-item", "u", 0);
    }

    void show_pages () {
        pages.visible_child_name = watch.moments.get_n_items () > 0 ? "list" : "empty";
        found.visible_child_name = filtered.get_n_items () > 0 ? "some" : "none";
    }
}
