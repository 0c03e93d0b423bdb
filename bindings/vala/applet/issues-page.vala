// Copyright 2026 The libdbr authors
// SPDX-License-Identifier: LGPL-2.1-or-later

[GtkTemplate (ui = "/org/dbr/Health/ui/issue-card.ui")]
public class Health.IssueCard : Gtk.ListBoxRow {
    [GtkChild]
    unowned Gtk.Image icon;
    [GtkChild]
    unowned Gtk.Label title;
    [GtkChild]
    unowned Gtk.Label text;
    [GtkChild]
    unowned Gtk.Label since;

    Dbr.Issue issue;

    public IssueCard (Dbr.Issue issue) {
        this.issue = issue;
        issue.notify["severity"].connect (refresh);
        refresh ();
    }

    public override void dispose () {
        if (issue != null)
            issue.notify["severity"].disconnect (refresh);
        base.dispose ();
    }

    void refresh () {
        icon.icon_name = Text.get_severity_icon (issue.severity);
        Text.set_style (icon, Text.get_severity_style (issue.severity));
        title.label = Text.name_issue (issue.id);
        text.label = issue.text;
        since.label = _("%s, since %s").printf (Text.name_severity (issue.severity),
            Text.format_moment (issue.since_usec));
        update_property (Gtk.AccessibleProperty.LABEL, "%s: %s".printf (title.label, text.label),
            -1);
    }
}

[GtkTemplate (ui = "/org/dbr/Health/ui/issues-page.ui")]
public class Health.IssuesPage : Adw.Bin {
    [GtkChild]
    unowned Gtk.Stack pages;
    [GtkChild]
    unowned Gtk.ListBox list;

    ListModel issues;

    public void begin (Watch watch) {
        issues = watch.metrics.issues;
        list.bind_model (issues, (item) => new IssueCard ((Dbr.Issue) item));
        issues.items_changed.connect (show_pages);
        show_pages ();
    }

    public override void dispose () {
        if (issues != null)
            issues.items_changed.disconnect (show_pages);
        base.dispose ();
    }

    void show_pages () {
        pages.visible_child_name = issues.get_n_items () > 0 ? "list" : "empty";
    }
}
