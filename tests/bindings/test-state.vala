// Copyright 2026 The libdbr authors
// SPDX-License-Identifier: LGPL-2.1-or-later

// A device is saved, lost and put back: the scene of test-state.py, in Vala.

const string DEVICE = "00:AA:01:00:00:42";

delegate bool Condition ();

void wait_until (Condition condition) {
    var limit = get_monotonic_time () + 30 * TimeSpan.SECOND;

    while (!condition ()) {
        assert_true (get_monotonic_time () < limit);
        MainContext.default ().iteration (false);
    }
}

string? find_result (ListModel report, string kind) {
    for (uint i = 0; i < report.get_n_items (); i++) {
        var event = (Dbr.Event) report.get_item (i);

        if (event.kind == kind)
            return event.details.lookup_value ("result", VariantType.STRING).get_string ();
    }

    return null;
}

async void play () throws Error {
    var monitor = new Dbr.BluezMonitor (null);
    var folder = DirUtils.make_tmp ("dbr-state-XXXXXX");
    var path = Path.build_filename (folder, "devices");
    Dbr.BluezDevice? device = null;
    var is_gone = false;

    monitor.device_added.connect ((added) => device = added);
    monitor.device_removed.connect ((removed) => is_gone = true);
    monitor.start ();
    wait_until (() => device != null);

    var tracker = new Dbr.StateTracker (monitor);
    tracker.set_file (path);
    yield device.connect_device_async ();
    yield tracker.save_async (device);
    tracker.set_attribute (DEVICE, "room", new Variant ("(si)", "kitchen", 2));
    yield tracker.flush_async ();

    var other = new Dbr.StateTracker (monitor);
    other.set_file (path);
    var state = other.get (DEVICE);
    assert_cmpstr (other.dup_addresses ()[0], EQ, DEVICE);
    assert_cmpstr (state.name, EQ, "Watch");
    assert_true (state.connected && state.trusted && !state.blocked);
    assert_true (state.uuids.length == 1 && state.saved_usec > 0);
    assert_cmpstr (state.get_attribute ("room").get_child_value (0).get_string (), EQ, "kitchen");

    yield monitor.client.call_async ("org.bluez", "/", "org.dbr.Peer1", "Reboot");
    wait_until (() => is_gone && device.get_object_path () != null);
    var report = yield tracker.restore_async (DEVICE);
    assert_cmpstr (find_result (report, "connected"), EQ, "restored");
    assert_cmpstr (find_result (report, "trusted"), EQ, "unchanged");
    assert_true (device.connected);

    try {
        tracker.set_attribute ("nonsense", "room", null);
        assert_not_reached ();
    } catch (Error error) {
        assert_true (error is Dbr.Error.INVALID_ARGUMENT);
    }
    tracker.forget (DEVICE);
    yield tracker.flush_async ();
    assert_null (tracker.get (DEVICE));
    FileUtils.unlink (path);
    FileUtils.unlink (Path.build_filename (folder, ".devices.lock"));
    DirUtils.remove (folder);
    monitor.stop ();
}

void saved_lost_and_put_back () {
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
    Test.add_func ("/dbr/state/vala/saved-lost-and-put-back", saved_lost_and_put_back);

    return Test.run ();
}
