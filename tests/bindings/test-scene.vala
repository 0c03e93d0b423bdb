// Copyright 2026 The libdbr authors
// SPDX-License-Identifier: LGPL-2.1-or-later

// The scene of test-scene.c, in Vala.

const string NAME = "org.example.Peer";
const string PATH = "/org/example/Peer";
const string INTERFACE = "org.dbr.Peer1";
const uint LIMIT_MS = 300;

Dbr.Client new_client () {
    return new Dbr.Client.for_address (Environment.get_variable ("DBR_TEST_ADDRESS"));
}

void signal_peer (Posix.Signal number) {
    var pid = int.parse (Environment.get_variable ("DBR_TEST_PEER_PIDS"));

    assert_true (Posix.kill (pid, number) == 0);
}

async void answered () throws Error {
    var reply = yield new_client ().call_async (NAME, PATH, INTERFACE, "Echo",
                                                new Variant ("(s)", "Grüße"),
                                                new VariantType ("(s)"));

    assert_cmpstr (reply.get_child_value (0).get_string (), EQ, "Grüße");
}

async void property () throws Error {
    var client = new_client ();

    yield client.write_property_async (NAME, PATH, INTERFACE, "Level", new Variant.uint32 (5));
    var level = yield client.read_property_async (NAME, PATH, INTERFACE, "Level");
    assert_cmpuint (level.get_uint32 (), EQ, 5);
}

async void proxy () throws Error {
    var client = new_client ();
    var player = yield client.get_proxy_async (NAME, PATH, INTERFACE);
    Variant? change = null;

    player.properties_changed.connect ((changed, invalidated) => change = changed);
    assert_true (player.fresh);
    assert_cmpstr (player.get_cached ("Name").get_string (), EQ, "dbr-peer");
    yield player.write_async ("Level", new Variant.uint32 (6));
    while (change == null)
        MainContext.default ().iteration (true);
    assert_cmpuint (change.lookup_value ("Level", VariantType.UINT32).get_uint32 (), EQ, 6);
    assert_cmpuint (player.get_cached ("Level").get_uint32 (), EQ, 6);
}

async void stopped_service () throws Error {
    var client = new_client ();
    var call = new Dbr.Call (NAME, PATH, INTERFACE, "Increment", new Variant ("(s)", "vala"));
    int64 late_by_usec = 0;

    call.timeout_ms = LIMIT_MS;
    yield client.ping_async (NAME);

    signal_peer (Posix.Signal.STOP);
    try {
        yield client.run_async (call);
        assert_not_reached ();
    } catch (Dbr.Error.DEADLINE error) {
        assert_true (NAME in error.message);
    }
    // While it is stopped nothing can come before this coroutine waits for it.
    client.late_reply.connect ((operation, usec) => {
        assert_cmpstr (operation, EQ, "default");
        late_by_usec = usec;
        stopped_service.callback ();
    });
    signal_peer (Posix.Signal.CONT);
    assert_true (call.elapsed_usec >= LIMIT_MS * 1000);
    assert_true (call.elapsed_usec < LIMIT_MS * 1000 + TimeSpan.SECOND);
    assert_true (call.execution == Dbr.Execution.MAYBE);

    // Until the late reply goes on here.
    yield;
    assert_true (late_by_usec > 0);
    assert_cmpuint (client.orphans, EQ, 0);
    var executions = yield client.call_async (NAME, PATH, INTERFACE, "Executions",
                                              new Variant ("(s)", "vala"));
    assert_cmpuint (executions.get_child_value (0).get_uint32 (), EQ, 1);
}

async void error_of_the_service () throws Error {
    var call = new Dbr.Call (NAME, PATH, INTERFACE, "Fail",
                             new Variant ("(ss)", "org.example.Error.Full", "The disk is full"));

    try {
        yield new_client ().run_async (call);
        assert_not_reached ();
    } catch (IOError.DBUS_ERROR error) {
        assert_cmpstr (DBusError.get_remote_error (error), EQ, "org.example.Error.Full");
        assert_false (Dbr.Error.is_transient (error));
        assert_true ("The disk is full" in Dbr.Error.explain (error));
    }
    assert_true (call.execution == Dbr.Execution.ONCE);
}

async void lease () throws Error {
    var pool = new Dbr.Pool.for_address (Environment.get_variable ("DBR_TEST_ADDRESS"));
    var lease = yield pool.acquire_async ();
    var name = lease.unique_name;
    var reply = yield lease.connection.call (NAME, PATH, INTERFACE, "Echo",
                                             new Variant ("(s)", "lent"), null,
                                             DBusCallFlags.NONE, -1);

    assert_cmpstr (reply.get_child_value (0).get_string (), EQ, "lent");
    assert_cmpuint (pool.get_stats ().leased, EQ, 1);
    lease.release ();
    assert_null (lease.connection);
    // It ends with its last reference as well.
    lease = null;
    lease = yield pool.acquire_async ();
    assert_cmpstr (lease.unique_name, EQ, name);
    lease = null;
    assert_cmpuint (pool.get_stats ().idle, EQ, 1);

    yield pool.close_async ();
    try {
        yield pool.acquire_async ();
        assert_not_reached ();
    } catch (Dbr.Error.CLOSED error) {
        assert_cmpuint (pool.get_stats ().size, EQ, 0);
    }
}

async void subscription () throws Error {
    var client = new_client ();
    var changes = new Dbr.Subscription (client, NAME, "/a", null, "Changed", null, PATH_NAMESPACE);
    string? heard = null;

    changes.received.connect ((sender, path, interface_name, member, parameters) => {
        heard = @"$path $interface_name.$member " + parameters.print (false);
        subscription.callback ();
    });
    yield changes.start_async ();
    assert_true (changes.active);
    client.call_async.begin (NAME, PATH, INTERFACE, "Tell",
                             new Variant ("(s)", "emit /a/b org.example.Peer1.Changed ('x',)"));
    // Until the signal goes on here.
    yield;
    assert_cmpstr (heard, EQ, "/a/b org.example.Peer1.Changed ('x',)");
    changes.stop ();
    assert_false (changes.active);
}

async void wrong_address () throws Error {
    var client = new Dbr.Client.for_address ("unix:path=/nonexistent/bus");

    try {
        yield client.open_async ();
        assert_not_reached ();
    } catch (Dbr.Error.NO_BUS error) {
        assert_true ("/nonexistent/bus" in error.message);
    }
}

async void cancelled () throws Error {
    var client = new_client ();
    var call = new Dbr.Call (NAME, PATH, INTERFACE, "Never");
    var cancellable = new Cancellable ();
    Error? error = null;

    client.run_async.begin (call, cancellable, (source, result) => {
        try {
            client.run_async.end (result);
        } catch (Error e) {
            error = e;
        }
        cancelled.callback ();
    });
    // Its answer says that the service has the call that went before it.
    yield client.ping_async (NAME);
    cancellable.cancel ();
    // Until the end of the call goes on here.
    yield;
    assert_true (error is IOError.CANCELLED);
    assert_true (call.execution == Dbr.Execution.MAYBE);
}

void timeouts () {
    var timeouts = new Dbr.Timeouts ();
    uint ms;

    try {
        timeouts.map ("org.example.Documents", "Export", "export");
        assert_not_reached ();
    } catch (Error error) {
        assert_true (error is Dbr.Error.INVALID_ARGUMENT);
    }
    assert_cmpstr (timeouts.lookup ("org.example.Documents", "Export", out ms), EQ, "default");
    assert_cmpuint (ms, EQ, 10000);
}

void figures () {
    var metrics = new Dbr.Metrics ();
    Dbr.Issue[] raised = {};

    metrics.issue_raised.connect ((issue) => raised += issue);
    for (int64 usec = 1000; usec <= 100000; usec += 1000)
        metrics.record ("export", usec, OK);
    for (var i = 0; i < 20; i++)
        metrics.record ("import", 10, ERROR);
    var stats = metrics.get_stats ("export");
    assert_true (stats.count == 100 && stats.ok == 100 && stats.mean_usec == 50500);
    assert_true (stats.percentile (99) > 97000 && stats.percentile (99) <= 100000);
    assert_true (metrics.issues.get_n_items () == 2);
    assert_cmpint (raised.length, EQ, 2);
    assert_cmpstr (raised[0].id, EQ, "error-rate");
    assert_true (raised[0].severity == Dbr.Severity.CRITICAL);
    try {
        metrics.set_limits ("export", 1000, 2);
        assert_not_reached ();
    } catch (Error error) {
        assert_true (error is Dbr.Error.INVALID_ARGUMENT);
    }
}

async void counted () throws Error {
    var client = new_client ();
    var operation = @"$NAME:$INTERFACE.Echo";

    client.metrics = new Dbr.Metrics ();
    client.trace_size = 3;
    yield client.call_async (NAME, PATH, INTERFACE, "Echo", new Variant ("(s)", "a"));
    yield client.call_async (NAME, PATH, INTERFACE, "Echo", new Variant ("(s)", "b"));
    assert_cmpuint ((uint) client.metrics.get_stats (operation).ok, EQ, 2);
    // The first one is in the list by the time that the second one has ended.
    var call = (Dbr.Call) client.trace.get_item (0);
    assert_cmpstr (call.method_name, EQ, "Echo");
    assert_true (call.outcome == Dbr.Outcome.OK && call.parameters == null);
    client.metrics = null;
    assert_null (client.metrics);
}

async void notified () throws Error {
    var client = new_client ();
    var notifier = new Dbr.Notifier ("Player");
    string? pressed = null;

    yield client.call_async (NAME, PATH, INTERFACE, "Tell",
                             new Variant ("(s)", "own org.freedesktop.Notifications"));
    notifier.action_invoked.connect ((id, action) => pressed = @"$id $action");
    var id = yield notifier.send_full_async ("Over", null, null, Dbr.Urgency.LOW, -1,
                                             { "again", "Play again" }, null, 0);
    assert_cmpstr (notifier.server_name, EQ, "dbr-peer");
    yield client.call_async (NAME, PATH, INTERFACE, "Tell",
                             new Variant ("(s)", "emit /org/freedesktop/Notifications " +
                             "org.freedesktop.Notifications.ActionInvoked (uint32 1, 'again')"));
    while (pressed == null)
        MainContext.default ().iteration (true);
    assert_cmpstr (pressed, EQ, @"$id again");
    assert_true (yield notifier.close_async (id));
}

async void monitored () throws Error {
    var monitor = new Dbr.ServiceMonitor (new_client (), NAME);
    string[] told = {};

    monitor.interval_ms = 200;
    monitor.probe_timeout_ms = 500;
    monitor.probe_path = PATH;
    monitor.probe_interface = INTERFACE;
    monitor.probe_property = "Level";
    monitor.stalled.connect ((silent_usec) => {
        told += "stalled";
        monitored.callback ();
    });
    monitor.recovered.connect ((down_usec) => {
        told += "recovered";
        monitored.callback ();
    });
    monitor.start ();
    yield monitor.wait_healthy_async (10000);
    var usec = yield monitor.check_async ();
    assert_true (usec >= 0);
    signal_peer (Posix.Signal.STOP);
    // Until each of them goes on here.
    yield;
    signal_peer (Posix.Signal.CONT);
    yield;
    assert_cmpstr (string.joinv (" ", told), EQ, "stalled recovered");
    monitor.stop ();
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

    Test.add_func ("/dbr/vala/a-call-is-answered", () =>
        play ((cb) => answered.begin (cb), (result) => answered.end (result)));
    Test.add_func ("/dbr/vala/a-property-is-written-and-read", () =>
        play ((cb) => property.begin (cb), (result) => property.end (result)));
    Test.add_func ("/dbr/vala/a-proxy-follows-a-property", () =>
        play ((cb) => proxy.begin (cb), (result) => proxy.end (result)));
    Test.add_func ("/dbr/vala/a-stopped-service-ends-at-the-limit", () =>
        play ((cb) => stopped_service.begin (cb), (result) => stopped_service.end (result)));
    Test.add_func ("/dbr/vala/a-client-counts-its-calls", () =>
        play ((cb) => counted.begin (cb), (result) => counted.end (result)));
    Test.add_func ("/dbr/vala/an-error-of-the-service-keeps-its-name", () =>
        play ((cb) => error_of_the_service.begin (cb),
              (result) => error_of_the_service.end (result)));
    Test.add_func ("/dbr/vala/a-lease-is-released", () =>
        play ((cb) => lease.begin (cb), (result) => lease.end (result)));
    Test.add_func ("/dbr/vala/signals-of-a-service-are-heard", () =>
        play ((cb) => subscription.begin (cb), (result) => subscription.end (result)));
    Test.add_func ("/dbr/vala/a-monitor-tells-of-a-stall", () =>
        play ((cb) => monitored.begin (cb), (result) => monitored.end (result)));
    Test.add_func ("/dbr/vala/a-wrong-address-is-no-bus", () =>
        play ((cb) => wrong_address.begin (cb), (result) => wrong_address.end (result)));
    Test.add_func ("/dbr/vala/a-cancelled-call-ends", () =>
        play ((cb) => cancelled.begin (cb), (result) => cancelled.end (result)));
    Test.add_func ("/dbr/vala/a-notification-is-shown-and-pressed", () =>
        play ((cb) => notified.begin (cb), (result) => notified.end (result)));
    Test.add_func ("/dbr/vala/limits-are-looked-up", timeouts);
    Test.add_func ("/dbr/vala/figures-are-recorded-and-read", figures);

    return Test.run ();
}
