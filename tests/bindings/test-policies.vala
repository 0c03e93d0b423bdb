// Copyright 2026 The libdbr authors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Each policy in Vala: retries, circuit, limits, access, and what is found out about a bus.

const string NAME = "org.example.Peer";
const string PATH = "/org/example/Peer";
const string INTERFACE = "org.dbr.Peer1";
const string BUSY = "org.example.Error.Busy";

string address () {
    return Environment.get_variable ("DBR_TEST_ADDRESS");
}

Dbr.Client new_client () {
    return new Dbr.Client.for_address (address ());
}

async Variant call (Dbr.Client client, string method, string text) throws Error {
    return yield client.call_async (NAME, PATH, INTERFACE, method, new Variant ("(s)", text));
}

// Says something to the peer, see tests/peer/README.md.
async void tell (string statement) throws Error {
    yield call (new_client (), "Tell", statement);
}

async void start_anew () throws Error {
    yield tell ("forget *");
    yield tell ("reset");
}

void assert_count (Variant reply, uint count) {
    assert_cmpuint (reply.get_child_value (0).get_uint32 (), EQ, count);
}

async void retries () throws Error {
    var client = new_client ();
    var policy = new Dbr.RetryPolicy ();
    var n_told = 0;

    yield start_anew ();
    yield tell (@"on Increment call 1: error $BUSY later");
    policy.add_retryable (BUSY);
    policy.base_delay_ms = 10;
    client.retry_policy = policy;
    policy.retrying.connect ((operation, attempt, delay_ms, error) => {
        assert_cmpuint (attempt, EQ, 1);
        assert_cmpstr (DBusError.get_remote_error (error), EQ, BUSY);
        n_told++;
    });
    policy.recovered.connect ((operation, attempts, elapsed_usec) => {
        assert_cmpuint (attempts, EQ, 2);
        n_told++;
    });
    client.call_retrying.connect ((call, attempt, delay_ms, error) => {
        assert_cmpstr (call.method_name, EQ, "Increment");
        n_told++;
    });
    assert_count (yield call (client, "Increment", "a"), 2);
    while (n_told < 3)
        MainContext.default ().iteration (true);
}

async void code_of_ones_own () throws Error {
    var policy = new Dbr.RetryPolicy.preset ("default");
    var retry = policy.begin (5000, false);
    var attempts = 1;
    uint delay_ms;

    while (retry.next (Dbr.Failure.NOT_DELIVERED, out delay_ms)) {
        uint least, most;

        policy.get_delay_range (attempts, out least, out most);
        assert_true (least <= delay_ms <= most);
        attempts++;
    }
    assert_cmpint (attempts, EQ, 3);
}

async void circuit () throws Error {
    var client = new_client ();
    var circuit = client.get_circuit (NAME);
    Dbr.CircuitState[] changes = {};

    yield start_anew ();
    client.circuit_changed.connect ((name, state) => {
        changes += state;
    });
    circuit.isolate ();
    try {
        yield call (client, "Increment", "b");
        assert_not_reached ();
    } catch (Dbr.Error.CIRCUIT_OPEN error) {
        assert_true (NAME in error.message);
    }
    circuit.reset ();
    assert_count (yield call (client, "Increment", "b"), 1);
    while (changes.length < 2)
        MainContext.default ().iteration (true);
    assert_true (changes[0] == Dbr.CircuitState.ISOLATED);
    assert_true (changes[1] == Dbr.CircuitState.CLOSED);
}

async void limits () throws Error {
    var client = new_client ();
    var n_answered = 0;

    yield start_anew ();
    yield tell ("on Increment: wait 200");
    client.max_in_flight = 1;
    client.max_queued = 1;
    for (var i = 0; i < 2; i++) {
        call.begin (client, "Increment", "c", (source, result) => {
            try {
                assert_count (call.end (result), ++n_answered);
            } catch (Error error) {
                GLib.error ("%s", error.message);
            }
        });
    }
    try {
        yield call (client, "Increment", "c");
        assert_not_reached ();
    } catch (Dbr.Error.OVERLOADED error) {
        assert_true (NAME in error.message);
    }
    while (n_answered < 2)
        MainContext.default ().iteration (true);
}

async void access_policy () throws Error {
    var policy = new Dbr.AccessPolicy (Dbr.AccessTier.CUSTOM);
    Variant[] records = {};

    yield start_anew ();
    policy.allow (@"$NAME:$INTERFACE.Echo");
    var client = (Dbr.Client) Object.@new (typeof (Dbr.Client), "address", address (),
                                           "access-policy", policy);
    client.audit.connect ((record) => {
        records += record;
    });
    assert_true (policy.frozen);

    yield call (client, "Echo", "secret");
    try {
        yield call (client, "Increment", "secret");
        assert_not_reached ();
    } catch (Dbr.Error.DENIED error) {
        assert_true ("Increment" in error.message);
    }
    while (records.length < 2)
        MainContext.default ().iteration (true);
    assert_true (records[0].lookup_value ("allowed", null).get_boolean ());
    assert_false (records[1].lookup_value ("allowed", null).get_boolean ());
    foreach (var record in records)
        assert_false ("secret" in record.print (false));
    foreach (var name in yield client.list_names_async (false))
        assert_true (name == NAME || !name.has_prefix ("org"));
}

async void bus () throws Error {
    var client = new_client ();

    yield start_anew ();
    yield tell (@"reown 200 $NAME");
    var unique_name = yield client.wait_for_service_async (NAME, 10000);
    var names = yield client.list_names_async (false);
    assert_true (NAME in names);
    assert_true (unique_name in names);
    var info = new DBusNodeInfo.for_xml (yield client.introspect_async (NAME, PATH));
    assert_nonnull (info.lookup_interface (INTERFACE));
    try {
        yield client.wait_for_service_async ("org.example.Nobody", 100);
        assert_not_reached ();
    } catch (Dbr.Error.DEADLINE error) {
    }
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

    Test.add_func ("/dbr/vala/a-call-is-tried-again", () =>
        play ((cb) => retries.begin (cb), (result) => retries.end (result)));
    Test.add_func ("/dbr/vala/code-of-ones-own-is-tried-again", () =>
        play ((cb) => code_of_ones_own.begin (cb), (result) => code_of_ones_own.end (result)));
    Test.add_func ("/dbr/vala/a-circuit-is-opened-by-hand", () =>
        play ((cb) => circuit.begin (cb), (result) => circuit.end (result)));
    Test.add_func ("/dbr/vala/calls-wait-and-are-refused", () =>
        play ((cb) => limits.begin (cb), (result) => limits.end (result)));
    Test.add_func ("/dbr/vala/what-is-not-allowed-is-denied", () =>
        play ((cb) => access_policy.begin (cb), (result) => access_policy.end (result)));
    Test.add_func ("/dbr/vala/a-service-is-waited-for", () =>
        play ((cb) => bus.begin (cb), (result) => bus.end (result)));

    return Test.run ();
}
