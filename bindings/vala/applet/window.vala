// Copyright 2026 The libdbr authors
// SPDX-License-Identifier: LGPL-2.1-or-later

[GtkTemplate (ui = "/org/dbr/Health/ui/window.ui")]
public class Health.Window : Adw.ApplicationWindow {
    public const string[] PAGES = { "services", "timeline", "bluetooth", "units", "issues" };

    [GtkChild]
    unowned Gtk.Button back_button;
    [GtkChild]
    unowned Gtk.Button add_button;
    [GtkChild]
    unowned Gtk.Revealer bus_revealer;
    [GtkChild]
    unowned Gtk.Label bus_label;
    [GtkChild]
    unowned Adw.ToastOverlay toasts;
    [GtkChild]
    unowned Adw.ViewStack stack;
    [GtkChild]
    unowned Adw.ViewStackPage units_stack_page;
    [GtkChild]
    unowned Adw.ViewStackPage issues_stack_page;
    [GtkChild]
    unowned ServicesPage services_page;
    [GtkChild]
    unowned TimelinePage timeline_page;
    [GtkChild]
    unowned BluetoothPage bluetooth_page;
    [GtkChild]
    unowned UnitsPage units_page;
    [GtkChild]
    unowned IssuesPage issues_page;

    public Watch watch { get; private set; }

    const ActionEntry[] ACTIONS = {
        { "add", on_add },
        { "back", on_back },
        { "search", on_search },
        { "preferences", on_preferences },
        { "export-figures", on_export_figures },
        { "export-answers", on_export_answers },
    };

    static construct {
        typeof (ServicesPage).ensure ();
        typeof (TimelinePage).ensure ();
        typeof (BluetoothPage).ensure ();
        typeof (UnitsPage).ensure ();
        typeof (IssuesPage).ensure ();
    }

    public Window (Application application, Watch watch) {
        Object (application: application);
        this.watch = watch;
        add_action_entries (ACTIONS, this);
        add_action (new PropertyAction ("page", stack, "visible-child-name"));
        var settings = watch.settings;
        set_default_size (settings.width, settings.height);
        if (settings.maximized)
            maximize ();

        services_page.begin (watch);
        timeline_page.begin (watch);
        bluetooth_page.begin (watch);
        units_page.begin (watch);
        issues_page.begin (watch);
        services_page.notify["is-deep"].connect (show_where);
        services_page.timeline_wanted.connect ((service) => {
            timeline_page.search_for (service.name);
            stack.visible_child_name = "timeline";
        });
        if (settings.page in PAGES)
            stack.visible_child_name = settings.page;
        stack.notify["visible-child-name"].connect (show_where);
        show_where ();

        watch.bus_changed.connect (show_buses);
        watch.metrics.issues.items_changed.connect (count_issues);
        watch.system.notify["n-failed-units"].connect (count_units);
        watch.user.notify["n-failed-units"].connect (count_units);
        count_issues ();
        count_units ();
        show_buses ();
    }

    public override void map () {
        base.map ();
        watch.is_visible = true;
    }

    public override void unmap () {
        watch.is_visible = false;
        base.unmap ();
    }

    public override void dispose () {
        if (watch != null) {
            watch.bus_changed.disconnect (show_buses);
            watch.metrics.issues.items_changed.disconnect (count_issues);
            watch.system.notify["n-failed-units"].disconnect (count_units);
            watch.user.notify["n-failed-units"].disconnect (count_units);
        }
        base.dispose ();
    }

    public void keep_size () {
        var settings = watch.settings;
        settings.maximized = maximized;
        if (!maximized) {
            settings.width = get_width ();
            settings.height = get_height ();
        }
    }

    public override bool close_request () {
        keep_size ();

        return base.close_request ();
    }

    // Tells it in the window of the widget. When that was closed meanwhile nobody is told.
    public static void tell (Gtk.Widget widget, string text) {
        add_toast (widget, new Adw.Toast (text));
    }

    public static void add_toast (Gtk.Widget widget, Adw.Toast toast) {
        var window = widget.get_root () as Window;
        if (window == null)
            return;
        toast.custom_title = window.wrap (toast.title, toast.button_label != null);
        // Long enough to be read by a screen reader, too.
        toast.timeout = 10;
        window.toasts.add_toast (toast);
    }

    // By itself a toast cuts its text off, of which the end may be what matters; and one that is as
    // wide as it likes is cut off by a narrow window.
    Gtk.Label wrap (string text, bool has_button) {
        var attributes = new Pango.AttrList ();
        attributes.insert (Pango.attr_insert_hyphens_new (false));
        var label = new Gtk.Label (text) {
            attributes = attributes,
            wrap = true,
            wrap_mode = WORD_CHAR,
            natural_wrap_mode = NONE,
            xalign = 0,
        };
        label.add_css_class ("heading");
        var metrics = label.get_pango_context ().get_metrics (null, null);
        var room = get_width () - (has_button ? 200 : 120);
        label.max_width_chars =
            (room * Pango.SCALE / metrics.get_approximate_char_width ()).clamp (10, 50);

        return label;
    }

    public static void tell_error (Gtk.Widget widget, Error error) {
        if (!(error is IOError.CANCELLED))
            tell (widget, Dbr.Error.explain (error));
    }

    void show_where () {
        var is_services = stack.visible_child_name == "services";
        back_button.visible = is_services && services_page.is_deep;
        add_button.visible = is_services && !services_page.is_deep;
        watch.settings.page = stack.visible_child_name;
    }

    static bool is_lost (Dbr.Client client) {
        return client.state == RECONNECTING || client.state == DISCONNECTED;
    }

    void show_buses () {
        var has_session = !is_lost (watch.get_client (SESSION));
        var has_system = !is_lost (watch.get_client (SYSTEM));
        if (!has_session && !has_system)
            bus_label.label =
                _("Neither the session bus nor the system bus can be reached. Both are tried again "
                + "by themselves.");
        else if (!has_session)
            bus_label.label = _("The session bus cannot be reached. It is tried again by itself.");
        else if (!has_system)
            bus_label.label = _("The system bus cannot be reached. It is tried again by itself.");
        bus_revealer.reveal_child = !has_session || !has_system;
    }

    void count_issues () {
        var count = watch.metrics.issues.get_n_items ();
        issues_stack_page.badge_number = count;
        issues_stack_page.needs_attention = count > 0;
    }

    void count_units () {
        var count =
            int.max (watch.system.n_failed_units, 0) + int.max (watch.user.n_failed_units, 0);
        units_stack_page.badge_number = count;
        units_stack_page.needs_attention = count > 0;
    }

    void on_add () {
        new AddWindow (this, watch).present ();
    }

    void on_back () {
        services_page.leave ();
    }

    void on_search () {
        if (stack.visible_child_name == "timeline")
            timeline_page.begin_search ();
        else {
            stack.visible_child_name = "services";
            services_page.begin_search ();
        }
    }

    void on_preferences () {
        new Preferences (this, watch.settings).present ();
    }

    void on_export_figures () {
        save.begin (_("Export Figures"), "dbr-health.prom", () => {
            return new Bytes (Exporter.to_prometheus (watch).data);
        });
    }

    void on_export_answers () {
        save.begin (_("Export Answers"), "dbr-health.csv", () => {
            return new Bytes (Exporter.to_csv (watch).data);
        });
    }

    public delegate Bytes Producer (string path) throws Error;

    // What is written is of the moment in which the person has said where to.
    public async void save (string title, string name, owned Producer producer) {
        var chooser =
            new Gtk.FileChooserNative (title, this, SAVE, _("_Save"),
                _("_Cancel")) { modal = true };
        chooser.set_current_name (name);
        var response = Gtk.ResponseType.CANCEL;
        chooser.response.connect ((id) => {
            response = (Gtk.ResponseType) id;
            save.callback ();
        });
        chooser.show ();
        yield;
        var file = chooser.get_file ();
        chooser.destroy ();
        if (response != ACCEPT || file == null)
            return;
        try {
            var data = producer (file.get_path () ?? file.get_basename ());
            yield file.replace_contents_bytes_async (data, null, false, REPLACE_DESTINATION, null,
                null);
            tell (this, _("Saved as “%s”").printf (file.get_basename ()));
        } catch (Error error) {
            tell_error (this, error);
        }
    }
}
