// Copyright 2026 The libdbr authors
// SPDX-License-Identifier: LGPL-2.1-or-later

[CCode (cname = "HEALTH_VERSION")]
extern const string VERSION;

public class Health.Application : Adw.Application {
    public const string ID = "org.dbr.Health";

    Settings settings;
    Watch watch;
    Window? window;
    bool is_held = false;
    bool is_hidden_at_first = false;

    const OptionEntry[] OPTIONS = {
        { "background", 'b', NONE, NONE, null, N_("Begin without a window"), null },
        { "version", 'v', NONE, NONE, null, N_("Print the version and exit"), null },
        { null },
    };

    const ActionEntry[] ACTIONS = {
        { "about", on_about },
        { "quit", on_quit },
        { "show", on_show },
    };

    public Application () {
        Object (application_id: ID, flags: ApplicationFlags.FLAGS_NONE,
            resource_base_path: "/org/dbr/Health");
    }

    construct {
        add_main_option_entries (OPTIONS);
        add_action_entries (ACTIONS, this);
        set_accels_for_action ("app.quit", { "<Control>q" });
        set_accels_for_action ("window.close", { "<Control>w" });
        set_accels_for_action ("win.add", { "<Control>n" });
        set_accels_for_action ("win.search", { "<Control>f" });
        set_accels_for_action ("win.back", { "<Alt>Left" });
        set_accels_for_action ("win.preferences", { "<Control>comma" });
        var number = 0;
        foreach (unowned var page in Window.PAGES)
            set_accels_for_action ("win.page::" + page, { @"<Alt>$(++number)" });
    }

    public override int handle_local_options (VariantDict options) {
        if (options.contains ("version")) {
            print ("dbr-health %s\n", VERSION);
            return 0;
        }
        is_hidden_at_first = options.contains ("background");

        return -1;
    }

    public override void startup () {
        base.startup ();
        // Who watches a bus lives on when it dies.
        var connection = get_dbus_connection ();
        if (connection != null)
            connection.exit_on_close = false;
        settings = new Settings ();
        watch = new Watch (settings);
        watch.start ();
    }

    public override void activate () {
        if (is_hidden_at_first && window == null) {
            is_hidden_at_first = false;
            stay (true);
            return;
        }
        if (window == null) {
            window = new Window (this, watch);
            window.close_request.connect (on_close);
        }
        window.present ();
    }

    public override void shutdown () {
        if (settings != null)
            settings.flush ();
        base.shutdown ();
    }

    // Without a window the program ends, but for somebody who said that it shall go on.
    void stay (bool shall_stay) {
        if (shall_stay && !is_held)
            hold ();
        else if (!shall_stay && is_held)
            release ();
        is_held = shall_stay;
    }

    bool on_close () {
        window = null;
        stay (settings.background);

        return false;
    }

    void on_show () {
        activate ();
    }

    void on_quit () {
        if (window != null)
            window.keep_size ();
        quit ();
    }

    void on_about () {
        var about = new Adw.AboutWindow () {
            transient_for = window,
            application_name = _("D-Bus Health"),
            application_icon = ID,
            version = VERSION,
            developer_name = _("The libdbr authors"),
            copyright = "© 2026 The libdbr authors",
            license_type = LGPL_2_1,
            comments = _("Shows whether the services on the bus answer, how long they take, and "
                + "when they hang."),
            // Translators: your names, one a line.
            translator_credits = _("translator-credits"),
        };
        about.present ();
    }
}
