// Copyright 2026 The libdbr authors
// SPDX-License-Identifier: LGPL-2.1-or-later

// A step of the plan, and what became of it.
class Health.StepRow : Adw.ActionRow {
    public string stage { get; construct; }
    Gtk.Image icon = new Gtk.Image ();
    Gtk.Spinner spinner = new Gtk.Spinner () { visible = false };

    public StepRow (Dbr.Event step) {
        var name = step.details.lookup_value ("stage", VariantType.STRING);
        Object (stage: name != null ? name.get_string () : "");
        title = Markup.escape_text (name_stage (stage));
        add_prefix (icon);
        add_prefix (spinner);
        switch (step.kind) {
        case "run":
            show_state ("media-playback-start-symbolic", "", _("Would be tried now"));
            break;
        case "not-allowed":
            show_state ("changes-prevent-symbolic", "dim-label", _("Only if you allow it below"));
            break;
        case "input-devices":
            show_state ("changes-prevent-symbolic", "dim-label",
                _("Not while a keyboard or a mouse is connected, unless you allow it below"));
            break;
        default:
            var wait = step.details.lookup_value ("wait-usec", VariantType.INT64);
            var seconds = (wait != null ? wait.get_int64 () : 0) / TimeSpan.SECOND + 1;
            show_state ("alarm-symbolic", "dim-label",
                _("Was tried of late, and may be again in %u s").printf ((uint) seconds));
            break;
        }
    }

    void show_state (string icon_name, string style, string text) {
        icon.icon_name = icon_name;
        Text.set_style (icon, style);
        Text.set_subtitle (this, text);
    }

    public void begin () {
        icon.visible = false;
        spinner.visible = spinner.spinning = true;
        Text.set_subtitle (this, _("Under way"));
    }

    public void end (Error? error) {
        spinner.visible = spinner.spinning = false;
        icon.visible = true;
        if (error == null)
            show_state ("emblem-ok-symbolic", "success", _("This has helped"));
        else
            show_state ("dialog-error-symbolic", "error", Dbr.Error.explain (error));
    }

    public static string name_stage (string name) {
        switch (name) {
        case "resolve":
            return _("Look for It Again");
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
}

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
        { INPUT_DEVICES, N_("Disconnect Keyboards and Mice"),
          N_("You may lose the one that you use") },
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
    GenericArray<StepRow> rows = new GenericArray<StepRow> ();

    public RecoverWindow (Gtk.Window parent, Dbr.Recovery recovery, string target, string name) {
        Object (transient_for: parent);
        this.recovery = recovery;
        this.target = target;
        heading.subtitle = name;
        recovery.allowed = DEVICE;
        if (recovery.monitor is Dbr.BluezMonitor)
            offer (BLUETOOTH_SCOPES);
        offer (SERVICE_SCOPES);
        recover_button.clicked.connect (() => recover.begin ());
        recovery.stage_started.connect (on_stage_started);
        recovery.stage_finished.connect (on_stage_finished);
        make_plan.begin ();
    }

    public override bool close_request () {
        cancellable.cancel ();
        recovery.stage_started.disconnect (on_stage_started);
        recovery.stage_finished.disconnect (on_stage_finished);
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
                activatable_widget = toggle,
            };
            Text.set_subtitle (row, _(entry.subtitle));
            row.add_suffix (toggle);
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
            var row = new StepRow (step);
            plan.add (row);
            rows.add (row);
        }
        plan.visible = n_needed > 0;
        plan.title = _("What Would Be Done");
        plan.description = _("In this order, until it works again.");
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

    StepRow? find_row (Dbr.RecoveryStage stage, string target) {
        for (var i = 0; i < rows.length && target == this.target; i++) {
            if (rows[i].stage == stage.name)
                return rows[i];
        }

        return null;
    }

    void on_stage_started (Dbr.RecoveryStage stage, string target) {
        var row = find_row (stage, target);
        if (row != null)
            row.begin ();
    }

    void on_stage_finished (Dbr.RecoveryStage stage, string target, Error? error) {
        var row = find_row (stage, target);
        if (row != null)
            row.end (error);
    }

    async void recover () {
        is_running = true;
        wide.sensitive = false;
        wait (_("Under way"));
        try {
            var result = yield recovery.recover_async (target, cancellable);
            plan.title = _("What Was Done");
            plan.description = null;
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
