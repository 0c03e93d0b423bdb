// Copyright 2026 The libdbr authors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Makes something work again: shows what would be done before anything is, and asks for each step
// that affects more than what is broken.
[GtkTemplate (ui = "/org/dbr/Health/ui/recover-window.ui")]
public class Health.RecoverWindow : Adw.Window {
    struct Wide {
        public Dbr.RecoveryScope scope;
        public string title;
        public string subtitle;
    }

    const Wide[] SERVICE_SCOPES = {
        { SERVICE_START, N_("Start the Service"), N_("If it does not run") },
        { SERVICE_RESTART, N_("Restart the Service"), N_("For all programs that use it") },
    };
    const Wide[] BLUETOOTH_SCOPES = {
        { ADAPTER, N_("Switch the Adapter Off and On"), N_("All its devices are disconnected") },
        { INPUT_DEVICES, N_("Disconnect Keyboards and Mice"), N_("You may lose the one that you use") },
    };

    [GtkChild]
    unowned Adw.WindowTitle heading;
    [GtkChild]
    unowned Gtk.Button recover_button;
    [GtkChild]
    unowned Gtk.Spinner spinner;
    [GtkChild]
    unowned Gtk.Label outcome;
    [GtkChild]
    unowned Adw.PreferencesGroup plan;
    [GtkChild]
    unowned Adw.PreferencesGroup wide;

    Dbr.Recovery recovery;
    string target;
    Cancellable cancellable = new Cancellable ();
    uint n_plans = 0;
    bool is_running = false;
    GenericArray<Gtk.Widget> rows = new GenericArray<Gtk.Widget> ();

    public RecoverWindow (Gtk.Window parent, Dbr.Recovery recovery, string target, string name) {
        Object (transient_for: parent);
        this.recovery = recovery;
        this.target = target;
        heading.subtitle = name;
        recovery.allowed = DEVICE;
        if (recovery.get_stage ("power-cycle") != null)
            offer (BLUETOOTH_SCOPES);
        offer (SERVICE_SCOPES);
        recover_button.clicked.connect (() => recover.begin ());
        recovery.stage_started.connect (on_stage);
        make_plan.begin ();
    }

    public override bool close_request () {
        cancellable.cancel ();
        recovery.stage_started.disconnect (on_stage);
        // What was allowed was allowed this once.
        recovery.allowed = DEVICE;

        return base.close_request ();
    }

    void offer (Wide[] scopes) {
        foreach (var entry in scopes) {
            var scope = entry.scope;
            var toggle = new Gtk.Switch () { valign = CENTER };
            var row = new Adw.ActionRow () {
                title = _(entry.title),
                subtitle = _(entry.subtitle),
                activatable_widget = toggle,
            };
            row.add_suffix (toggle);
            toggle.update_property (Gtk.AccessibleProperty.LABEL, row.title, -1);
            toggle.notify["active"].connect (() => {
                recovery.allowed =
                    toggle.active ? recovery.allowed | scope : recovery.allowed & ~scope;
                make_plan.begin ();
            });
            wide.add (row);
        }
    }

    async void make_plan () {
        if (is_running)
            return;
        var number = ++n_plans;
        wait (_("Finding out what is wrong"));
        try {
            var steps = yield recovery.plan_async (target, cancellable);
            // A newer one is under way.
            if (number != n_plans)
                return;
            show_plan (steps);
        } catch (Error error) {
            if (!(error is IOError.CANCELLED))
                tell (Dbr.Error.explain (error));
            plan.visible = false;
        }
    }

    void wait (string text) {
        spinner.spinning = true;
        spinner.visible = true;
        outcome.label = text;
        recover_button.sensitive = false;
    }

    void tell (string text) {
        spinner.spinning = false;
        spinner.visible = false;
        outcome.label = text;
    }

    void show_plan (ListModel steps) {
        rows.foreach ((row) => plan.remove (row));
        rows.remove_range (0, rows.length);
        var n_runs = 0;
        var n_needed = 0;
        for (var i = 0; i < steps.get_n_items (); i++) {
            var step = (Dbr.Event) steps.get_item (i);
            if (step.kind == "not-needed")
                continue;
            n_needed++;
            if (step.kind == "run")
                n_runs++;
            add_step (step);
        }
        plan.visible = n_needed > 0;
        if (n_needed == 0)
            tell (_("Nothing is to be done."));
        else if (n_runs == 0)
            tell (_("Nothing that is allowed would help now."));
        else
            tell (_("Nothing has been done yet."));
        recover_button.sensitive = n_runs > 0;
        if ((recovery.allowed & ~Dbr.RecoveryScope.DEVICE) != 0)
            recover_button.add_css_class ("destructive-action");
        else
            recover_button.remove_css_class ("destructive-action");
    }

    void add_step (Dbr.Event step) {
        var name = step.details.lookup_value ("stage", VariantType.STRING);
        var row = new Adw.ActionRow () {
            title = Markup.escape_text (name_stage (name != null ? name.get_string () : "")),
            subtitle = Markup.escape_text (step.text),
        };
        var icon_name = "changes-prevent-symbolic";
        if (step.kind == "run")
            icon_name = "media-playback-start-symbolic";
        else if (step.kind == "rate-limited")
            icon_name = "alarm-symbolic";
        row.add_prefix (new Gtk.Image.from_icon_name (icon_name));
        plan.add (row);
        rows.add (row);
    }

    static string name_stage (string name) {
        switch (name) {
        case "resolve":
            return _("Read Its Services Again");
        case "reconnect":
            return _("Connect It Again");
        case "power-cycle":
            return _("Switch the Adapter Off and On");
        case "start":
            return _("Start the Service");
        case "restart":
            return _("Restart the Service");
        default:
            return name;
        }
    }

    void on_stage (Dbr.RecoveryStage stage, string target) {
        if (target == this.target)
            wait (name_stage (stage.name) + "…");
    }

    async void recover () {
        is_running = true;
        wide.sensitive = false;
        wait (_("Beginning"));
        try {
            var result = yield recovery.recover_async (target, cancellable);
            tell (describe (result));
        } catch (Error error) {
            if (!(error is IOError.CANCELLED))
                tell (Dbr.Error.explain (error));
        }
        is_running = false;
        wide.sensitive = true;
    }

    static string describe (Dbr.RecoveryResult result) {
        switch (result) {
        case RECOVERED:
            return _("It works again.");
        case RATE_LIMITED:
            return _("It was tried too often of late. Try again in some minutes.");
        case NOT_ALLOWED:
            return _("What would help is not allowed.");
        case NOT_NEEDED:
            return _("Nothing was to be done.");
        default:
            return _("What was tried has not helped.");
        }
    }
}
