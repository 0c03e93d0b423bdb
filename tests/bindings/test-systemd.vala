// Copyright 2026 The libdbr authors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Units of a real systemd in Vala.

void write_unit (string name, string text) throws Error {
    var folder = Environment.get_variable ("XDG_RUNTIME_DIR");

    FileUtils.set_contents (@"$folder/data/systemd/user/$name", text);
}

Dbr.SystemdMonitor new_monitor () throws Error {
    write_unit ("ok.service", "[Service]\nExecStart=/bin/sleep infinity\n");
    write_unit ("fails.service", "[Service]\nType=oneshot\nExecStart=/bin/false\n");

    return new Dbr.SystemdMonitor (null, Dbr.SystemdScope.USER);
}

async void units () throws Error {
    var monitor = new_monitor ();
    var n_told = 0;

    monitor.unit_changed.connect ((unit, old_state, new_state) => {
        assert_cmpstr (unit.name, EQ, "ok.service");
        n_told++;
    });
    monitor.watch_units ({ "ok" });
    monitor.start ();
    yield monitor.refresh_async ();
    var unit = yield monitor.get_unit_async ("ok");
    yield unit.start_async (NONE);
    assert_cmpstr (unit.active_state, EQ, "active");
    yield unit.stop_async (NONE);
    assert_cmpstr (unit.active_state, EQ, "inactive");
    while (n_told < 2)
        MainContext.default ().iteration (true);
    monitor.stop ();
}

async void failure () throws Error {
    var monitor = new_monitor ();
    var unit = yield monitor.get_unit_async ("fails");

    try {
        yield unit.start_async (NONE);
        assert_not_reached ();
    } catch (Dbr.Error.JOB_FAILED error) {
    }
    var reasons = yield unit.explain_async ();
    var reason = (Dbr.Event) reasons.get_item (0);
    assert_cmpstr (reason.kind, EQ, "failed");
    yield monitor.refresh_async ();
    assert_cmpint (monitor.n_failed_units, EQ, 1);
    assert_cmpuint (monitor.failed_units.get_n_items (), EQ, 1);
}

async void lists () throws Error {
    var monitor = new_monitor ();
    var list = yield monitor.list_units_async ({ "ok", "nobody-has-this" }, null);
    var absent = (Dbr.Unit) list.get_item (1);

    assert_cmpstr (absent.load_state, EQ, "not-found");
    var times = yield monitor.get_boot_times_async ();
    assert_true (times.finished);
}

delegate void Begin (AsyncReadyCallback callback);
delegate void End (AsyncResult result) throws Error;

void play (Begin begin, End end) {
    var loop = new MainLoop ();

    begin ((source, result) => {
        try {
            end (result);
        } catch (Error error) {
            GLib.error ("%s", error.message);
        }
        loop.quit ();
    });
    loop.run ();
}

int main (string[] args) {
    Test.init (ref args);

    Test.add_func ("/dbr/vala/a-unit-is-started-watched-and-stopped", () =>
        play ((cb) => units.begin (cb), (result) => units.end (result)));
    Test.add_func ("/dbr/vala/a-unit-that-fails-says-why", () =>
        play ((cb) => failure.begin (cb), (result) => failure.end (result)));
    Test.add_func ("/dbr/vala/units-are-listed", () =>
        play ((cb) => lists.begin (cb), (result) => lists.end (result)));

    return Test.run ();
}
