// Copyright 2026 The libdbr authors
// SPDX-License-Identifier: LGPL-2.1-or-later

// What is said in words, and shown as an icon beside them: never by a colour alone.
namespace Health.Text {
    public bool is_stall (Dbr.ServiceState state) {
        return state == STALLED || state == FROZEN;
    }

    // Whether the person has reason to look at it.
    public bool is_trouble (Dbr.ServiceState state) {
        return is_stall (state) || state == SUSPECT || state == SLOW || state == BUS_LOST;
    }

    public string name_state (Dbr.ServiceState state) {
        switch (state) {
        case ABSENT:
            return _("Not Running");
        case STARTING:
            return _("Starting");
        case HEALTHY:
            return _("Healthy");
        case SLOW:
            return _("Slow");
        case SUSPECT:
            return _("Late");
        case STALLED:
            return _("Not Answering");
        case FROZEN:
            return _("Stopped");
        case BUS_LOST:
            return _("Bus Lost");
        default:
            return _("Not Known Yet");
        }
    }

    public string describe_state (Dbr.ServiceState state) {
        switch (state) {
        case ABSENT:
            return _("No program has this name on the bus. It is watched until one takes it.");
        case STARTING:
            return _("It has just taken its name, and is given time to begin.");
        case HEALTHY:
            return _("It answers in time.");
        case SLOW:
            return _("It answers, but takes long to.");
        case SUSPECT:
            return _("An answer is overdue. If the next ones are missed as well, it has stalled.");
        case STALLED:
            return _("It is on the bus and takes calls, but does not answer them.");
        case FROZEN:
            return _("Its process is stopped or frozen, so that it cannot answer.");
        case BUS_LOST:
            return _("The connection to the bus is lost. It is made again as soon as the bus is "
                + "back.");
        default:
            return _("It has not been asked yet.");
        }
    }

    public string get_state_icon (Dbr.ServiceState state) {
        switch (state) {
        case ABSENT:
            return "radio-symbolic";
        case STARTING:
            return "content-loading-symbolic";
        case HEALTHY:
            return "emblem-ok-symbolic";
        case SLOW:
        case SUSPECT:
            return "alarm-symbolic";
        case STALLED:
            return "dialog-error-symbolic";
        case FROZEN:
            return "media-playback-pause-symbolic";
        case BUS_LOST:
            return "network-offline-symbolic";
        default:
            return "dialog-question-symbolic";
        }
    }

    // The class of style that goes with it, of those that libadwaita has.
    public string get_state_style (Dbr.ServiceState state) {
        switch (state) {
        case HEALTHY:
            return "success";
        case SLOW:
        case SUSPECT:
            return "warning";
        case STALLED:
        case FROZEN:
        case BUS_LOST:
            return "error";
        default:
            return "dim-label";
        }
    }

    public string name_bus (BusType bus) {
        return bus == SYSTEM ? _("System Bus") : _("Session Bus");
    }

    // Three digits at most, so that a number that changes keeps its width.
    public string format_time (int64 usec) {
        if (usec < 0)
            return "–";
        var ms = usec / 1000.0;
        if (ms < 10)
            return _("%.2f ms").printf (ms);
        if (ms < 100)
            return _("%.1f ms").printf (ms);
        if (ms < 1000)
            return _("%.0f ms").printf (ms);
        return _("%.1f s").printf (ms / 1000);
    }

    public string format_moment (int64 when_usec) {
        var when = new DateTime.from_unix_local (when_usec / TimeSpan.SECOND);
        var now = new DateTime.now_local ();
        if (when.format ("%F") == now.format ("%F"))
            return when.format ("%X");
        return when.format ("%x %X");
    }

    public string get_event_icon (string kind) {
        switch (kind) {
        case "stalled":
        case "gave-up":
        case "failed":
            return "dialog-error-symbolic";
        case "recovered":
            return "emblem-ok-symbolic";
        case "restarted":
            return "view-refresh-symbolic";
        case "appeared":
            return "list-add-symbolic";
        case "vanished":
            return "list-remove-symbolic";
        case "slow":
            return "alarm-symbolic";
        default:
            return "dialog-information-symbolic";
        }
    }

    public string get_event_style (string kind) {
        switch (kind) {
        case "stalled":
        case "unit-failed":
        case "gave-up":
        case "failed":
            return "error";
        case "recovered":
            return "success";
        case "slow":
        case "restarted":
            return "warning";
        default:
            return "dim-label";
        }
    }

    public string name_issue (string id) {
        switch (id) {
        case "latency":
            return _("Slow Answers");
        case "error-rate":
            return _("Failing Calls");
        case "latency-shift":
            return _("Slower Than It Was");
        case "slo-burn":
            return _("Failing Too Often");
        case "orphans":
            return _("Late Answers Pile Up");
        case "bus-limit":
            return _("A Limit of the Bus Is Near");
        case "budget":
            return _("Too Many Retries");
        case "circuit-flapping":
            return _("Works and Fails by Turns");
        case "main-loop":
            return _("This Program Was Held Up");
        case "signal-flood":
            return _("A Flood of Signals");
        case "service-flapping":
            return _("Starts Again and Again");
        default:
            return id;
        }
    }

    public string get_severity_icon (Dbr.Severity severity) {
        switch (severity) {
        case CRITICAL:
            return "dialog-error-symbolic";
        case WARNING:
            return "dialog-warning-symbolic";
        default:
            return "dialog-information-symbolic";
        }
    }

    public string get_severity_style (Dbr.Severity severity) {
        switch (severity) {
        case CRITICAL:
            return "error";
        case WARNING:
            return "warning";
        default:
            return "accent";
        }
    }

    public string name_severity (Dbr.Severity severity) {
        switch (severity) {
        case CRITICAL:
            return _("Critical");
        case WARNING:
            return _("Warning");
        default:
            return _("Notice");
        }
    }

    // What stands below the title of a row, which a screen reader does not find by itself.
    public void set_subtitle (Adw.ActionRow row, string text) {
        row.subtitle = Markup.escape_text (text);
        row.update_property (Gtk.AccessibleProperty.DESCRIPTION, text, -1);
    }

    const string[] STYLES = { "success", "warning", "error", "accent", "dim-label" };

    public void set_style (Gtk.Widget widget, string style) {
        foreach (unowned var name in STYLES) {
            if (name == style)
                widget.add_css_class (name);
            else
                widget.remove_css_class (name);
        }
    }
}
