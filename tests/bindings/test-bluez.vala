// Copyright 2026 The libdbr authors
// SPDX-License-Identifier: LGPL-2.1-or-later

// A device is met, connected and paired: the scene of test-bluez.py, in Vala.

const string ADAPTER = "00:AA:01:00:00:00";
const string DEVICE = "00:AA:01:00:00:42";

delegate bool Condition ();

void wait_until (Condition condition) {
    var limit = get_monotonic_time () + 30 * TimeSpan.SECOND;

    while (!condition ()) {
        assert_true (get_monotonic_time () < limit);
        MainContext.default ().iteration (false);
    }
}

async void play () throws Error {
    var monitor = new Dbr.BluezMonitor (null);
    Dbr.BluezDevice? device = null;
    string? refused = null;

    monitor.device_added.connect ((added) => {
        if (added.address == DEVICE)
            device = added;
    });
    monitor.start ();
    wait_until (() => {
        var adapter = monitor.get_default_adapter ();

        return adapter != null && adapter.powered;
    });
    var adapter = monitor.get_default_adapter ();
    assert_cmpstr (adapter.address, EQ, ADAPTER);

    yield adapter.start_discovery_async (new Variant.parsed ("{'Transport': <'le'>}"));
    wait_until (() => device != null);
    assert_cmpstr (device.get_name (), EQ, "Watch");

    yield device.connect_device_async ();
    assert_true (device.connected);
    try {
        yield device.pair_async ();
    } catch (Error error) {
        refused = DBusError.get_remote_error (error);
    }
    assert_cmpstr (refused, EQ, "org.bluez.Error.AuthenticationRejected");
    yield device.pair_async ();
    assert_true (device.paired);
    yield device.disconnect_device_async ();
    yield adapter.stop_discovery_async ();
    assert_false (device.connected);
    monitor.stop ();
}

void met_connected_and_paired () {
    var loop = new MainLoop ();

    play.begin ((source, result) => {
        try {
            play.end (result);
        } catch (Error error) {
            assert_no_error (error);
        }
        loop.quit ();
    });
    loop.run ();
}

int main (string[] args) {
    Test.init (ref args);
    Test.add_func ("/dbr/bluez/vala/met-connected-and-paired", met_connected_and_paired);

    return Test.run ();
}
