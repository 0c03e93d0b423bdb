// Copyright 2026 The libdbr authors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Adapters, each with its devices.
[GtkTemplate (ui = "/org/dbr/Health/ui/bluetooth-page.ui")]
public class Health.BluetoothPage : Adw.Bin {
    [GtkChild]
    unowned Gtk.Stack pages;
    [GtkChild]
    unowned Adw.StatusPage status;
    [GtkChild]
    unowned Adw.PreferencesPage groups;

    Dbr.BluezMonitor bluez;
    GenericArray<AdapterGroup> shown = new GenericArray<AdapterGroup> ();

    Watch watch;

    construct {
        var actions = new SimpleActionGroup ();
        var recover = new SimpleAction ("recover", new VariantType ("(ss)"));
        recover.activate.connect (on_recover);
        actions.add_action (recover);
        insert_action_group ("bluetooth", actions);
    }

    public void begin (Watch watch) {
        this.watch = watch;
        bluez = watch.bluez;
        bluez.adapters.items_changed.connect (rebuild);
        bluez.notify["state"].connect (show_pages);
        rebuild ();
    }

    public override void dispose () {
        if (bluez != null) {
            bluez.adapters.items_changed.disconnect (rebuild);
            bluez.notify["state"].disconnect (show_pages);
        }
        base.dispose ();
    }

    void on_recover (Variant? parameter) {
        string address, name;
        parameter.get ("(ss)", out address, out name);
        new RecoverWindow ((Gtk.Window) get_root (), watch.get_recovery (watch.bluetooth), address,
            name).present ();
    }

    void rebuild () {
        shown.foreach ((group) => groups.remove (group));
        shown.remove_range (0, shown.length);
        for (var i = 0; i < bluez.adapters.get_n_items (); i++) {
            var group =
                new AdapterGroup (bluez, (Dbr.BluezAdapter) bluez.adapters.get_item (i));
            groups.add (group);
            shown.add (group);
        }
        show_pages ();
    }

    void show_pages () {
        pages.visible_child_name = shown.length > 0 ? "list" : "status";
        status.icon_name = "bluetooth-disabled-symbolic";
        switch (bluez.state) {
        case BUS_LOST:
            status.icon_name = "network-offline-symbolic";
            status.title = _("No System Bus");
            status.description =
                _("Bluetooth is reached over the system bus, which cannot be reached itself.");
            break;
        case UNKNOWN:
        case STARTING:
            status.icon_name = "content-loading-symbolic";
            status.title = _("Asking for Bluetooth");
            status.description = "";
            break;
        case ABSENT:
            status.title = _("Bluetooth Is Not Running");
            status.description =
                _("The service org.bluez is not on the system bus. It is shown as soon as it is.");
            break;
        case STALLED:
        case FROZEN:
            status.icon_name = "dialog-error-symbolic";
            status.title = _("Bluetooth Does Not Answer");
            status.description = Text.describe_state (bluez.state);
            break;
        default:
            status.title = _("No Adapters");
            status.description =
                _("Bluetooth is running, and there is no adapter. Plug one in, or switch it on.");
            break;
        }
    }
}

class Health.AdapterGroup : Adw.PreferencesGroup {
    Dbr.BluezMonitor bluez;
    Dbr.BluezAdapter adapter;
    Adw.ActionRow adapter_row;
    Gtk.Switch power;
    bool is_switching = false;
    GenericArray<DeviceRow> rows = new GenericArray<DeviceRow> ();

    public AdapterGroup (Dbr.BluezMonitor bluez, Dbr.BluezAdapter adapter) {
        this.bluez = bluez;
        this.adapter = adapter;
        power = new Gtk.Switch () { valign = CENTER };
        power.state_set.connect (on_power);
        adapter_row = new Adw.ActionRow () { activatable_widget = power };
        adapter_row.add_prefix (new Gtk.Image.from_icon_name ("bluetooth-symbolic"));
        adapter_row.add_suffix (power);
        add (adapter_row);
        adapter.notify.connect (refresh);
        bluez.devices.items_changed.connect (rebuild);
        refresh ();
        rebuild ();
    }

    public override void dispose () {
        if (adapter != null) {
            adapter.notify.disconnect (refresh);
            bluez.devices.items_changed.disconnect (rebuild);
        }
        base.dispose ();
    }

    void refresh () {
        title = Markup.escape_text (adapter.name ?? adapter.address);
        adapter_row.title = adapter.blocked ? _("Blocked") : adapter.powered ? _("On") : _("Off");
        Text.set_subtitle (adapter_row,
            adapter.discovering ? _("%s · Searching").printf (adapter.address) : adapter.address);
        power.update_property (Gtk.AccessibleProperty.LABEL,
            _("Power of %s").printf (adapter.address), -1);
        power.sensitive = !adapter.blocked && !is_switching;
        if (!is_switching)
            power.state = power.active = adapter.powered;
    }

    void rebuild () {
        rows.foreach ((row) => remove (row));
        rows.remove_range (0, rows.length);
        for (var i = 0; i < bluez.devices.get_n_items (); i++) {
            var device = (Dbr.BluezDevice) bluez.devices.get_item (i);
            if (device.adapter != adapter)
                continue;
            var row = new DeviceRow (device);
            add (row);
            rows.add (row);
        }
    }

    bool on_power (bool wanted) {
        if (!is_switching && wanted != adapter.powered)
            set_power.begin (wanted);

        return true;
    }

    async void set_power (bool wanted) {
        // The adapter may be gone when it has failed.
        var window = (Gtk.Widget) get_root ();
        is_switching = true;
        refresh ();
        try {
            yield adapter.set_powered_async (wanted);
        } catch (Error error) {
            Window.tell_error (window, error);
        }
        is_switching = false;
        refresh ();
    }
}

class Health.DeviceRow : Adw.ActionRow {
    Dbr.BluezDevice device;
    Gtk.Button button;
    Cancellable? cancellable;

    public DeviceRow (Dbr.BluezDevice device) {
        this.device = device;
        button = new Gtk.Button () { valign = CENTER };
        button.clicked.connect (() => toggle.begin ());
        var recover = new Gtk.Button.from_icon_name ("view-refresh-symbolic") {
            valign = CENTER,
            tooltip_text = _("Recover"),
            action_name = "bluetooth.recover",
            action_target = new Variant ("(ss)", device.address, device.name ?? device.address),
        };
        recover.add_css_class ("flat");
        recover.update_property (Gtk.AccessibleProperty.LABEL,
            _("Recover %s").printf (device.name ?? device.address), -1);
        add_suffix (recover);
        add_suffix (button);
        device.notify.connect (refresh);
        refresh ();
    }

    public override void dispose () {
        if (device != null)
            device.notify.disconnect (refresh);
        base.dispose ();
    }

    void refresh () {
        string[] facts = { device.connected ? _("Connected") : _("Not connected") };
        if (device.paired)
            facts += _("Paired");
        // 127 is what the standard has for a strength that nobody knows.
        if (device.rssi < 0 || (device.rssi > 0 && device.rssi < 127))
            facts += _("%d dBm").printf (device.rssi);
        if (device.reconnects > 0)
            facts +=
                ngettext ("%u reconnection", "%u reconnections",
                    device.reconnects).printf (device.reconnects);
        title = Markup.escape_text (device.name ?? device.address);
        Text.set_subtitle (this, string.joinv (" · ", facts));
        if (cancellable != null)
            button.label = _("Cancel");
        else
            button.label = device.connected ? _("Disconnect") : _("Connect");
        button.update_property (Gtk.AccessibleProperty.DESCRIPTION, title, -1);
    }

    async void toggle () {
        if (cancellable != null) {
            cancellable.cancel ();
            return;
        }
        cancellable = new Cancellable ();
        // The device may be gone when it has failed.
        var window = (Gtk.Widget) get_root ();
        refresh ();
        try {
            if (device.connected)
                yield device.disconnect_device_async (cancellable);
            else
                yield device.connect_device_async (cancellable);
        } catch (Error error) {
            Window.tell_error (window, error);
        }
        cancellable = null;
        refresh ();
    }
}
