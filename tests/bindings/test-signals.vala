// Copyright 2026 The libdbr authors
// SPDX-License-Identifier: LGPL-2.1-or-later

// The signals that trouble brings, in Vala: of a client, its circuits and policy, and a pool.

const string NAME = "org.example.Peer";
const string PATH = "/org/example/Peer";
const string INTERFACE = "org.dbr.Peer1";
const string BUSY = "org.example.Error.Busy";

string address () {
    return Environment.get_variable ("DBR_TEST_ADDRESS");
}

// Says something to the bus and its peer, see tests/testbed/README.md.
void control (string line) throws Error {
    var connection = new SocketClient ().connect (
        new UnixSocketAddress (Environment.get_variable ("DBR_TEST_CONTROL")));
    var lines = new DataInputStream (connection.input_stream);

    connection.output_stream.write_all (@"$line\n".data, null);
    assert_true (lines.read_line ().has_prefix ("ok"));
}

void iterate () {
    MainContext.default ().iteration (true);
}

void fail (Dbr.Client client, string method, Variant? parameters, uint timeout_ms) {
    try {
        client.call_sync (NAME, PATH, INTERFACE, method, parameters, null, timeout_ms);
        assert_not_reached ();
    } catch (Error error) {
    }
}

void stall () throws Error {
    var client = new Dbr.Client.for_address (address ());
    var circuit = client.get_circuit (NAME);
    var told = "";
    var changes = "";

    client.service_stalled.connect ((name, silent_usec) => {
        assert_cmpstr (name, EQ, NAME);
        assert_true (silent_usec > 0);
        told += "stalled ";
    });
    client.service_recovered.connect ((name, down_usec) => {
        assert_cmpstr (name, EQ, NAME);
        assert_true (down_usec > 0);
        told += "recovered ";
    });
    circuit.state_changed.connect ((old_state, new_state) => {
        changes += @"$((int) old_state)$((int) new_state) ";
    });
    client.call_sync (NAME, PATH, INTERFACE, "Echo", null, null, 0);
    control (@"peer $NAME stop");
    for (var i = 0; i < 3; i++)
        fail (client, "Echo", null, 100);
    while (told != "stalled ")
        iterate ();
    control (@"peer $NAME cont");
    while (circuit.state != HALF_OPEN)
        iterate ();
    client.call_sync (NAME, PATH, INTERFACE, "Echo", null, null, 0);
    client.call_sync (NAME, PATH, INTERFACE, "Echo", null, null, 0);
    while (told != "stalled recovered " || changes != "01 12 20 ")
        iterate ();
}

void retries () throws Error {
    var client = new Dbr.Client.for_address (address ());
    var policy = new Dbr.RetryPolicy ();
    var n_given_up = 0;
    var n_exhausted = 0;

    policy.max_attempts = 2;
    policy.base_delay_ms = 10;
    policy.budget_capacity = 2;
    policy.add_retryable (BUSY);
    client.retry_policy = policy;
    policy.gave_up.connect ((operation, attempts, error) => {
        if (n_given_up++ == 0)
            assert_cmpuint (attempts, EQ, 2);
        assert_cmpstr (DBusError.get_remote_error (error), EQ, BUSY);
    });
    policy.budget_exhausted.connect ((name) => {
        assert_cmpstr (name, EQ, NAME);
        n_exhausted++;
    });
    fail (client, "Fail", new Variant ("(ss)", BUSY, "later"), 0);
    fail (client, "Fail", new Variant ("(ss)", BUSY, "later"), 0);
    while (n_given_up == 0 || n_exhausted == 0)
        iterate ();
}

void pool () throws Error {
    var pool = new Dbr.Pool.for_address (address ());
    var told = "";

    pool.max_size = 1;
    pool.leak_warn_ms = 50;
    pool.health_check_ms = 50;
    pool.acquire_timeout_ms = 100;
    pool.exhausted.connect (() => {
        told += "exhausted ";
    });
    pool.lease_leaked.connect ((unique_name, held_ms) => {
        assert_cmpuint (held_ms, GE, 50);
        told += "leaked ";
    });
    pool.available.connect (() => {
        told += "available ";
    });
    pool.connection_stalled.connect ((unique_name, silent_usec) => {
        assert_true (silent_usec > 0);
        told += "stalled ";
    });
    pool.connection_recovered.connect ((unique_name, down_usec) => {
        assert_true (down_usec > 0);
        told += "recovered ";
    });
    var lease = pool.acquire_sync ();
    try {
        pool.acquire_sync ();
        assert_not_reached ();
    } catch (Dbr.Error.DEADLINE error) {
    }
    while (!("leaked" in told) || !("exhausted" in told))
        iterate ();
    lease.release ();
    control ("bus stop");
    while (!("stalled" in told))
        iterate ();
    control ("bus cont");
    while (!("recovered" in told))
        iterate ();
    assert_true ("available" in told);
}

void the_bus () throws Error {
    var client = new Dbr.Client.for_address (address ());
    var proxy = client.get_proxy_sync (NAME, PATH, INTERFACE);
    var told = "";
    var owner = "";

    client.connection_lost.connect ((error) => {
        assert_true (error is Dbr.Error.CONNECTION_LOST);
        told += "lost ";
    });
    client.connection_restored.connect (() => {
        told += "restored ";
    });
    proxy.owner_changed.connect ((old_owner, new_owner) => {
        owner = new_owner;
    });
    control ("bus kill");
    while (told != "lost ")
        iterate ();
    control ("bus restart");
    control (@"peer $NAME restart");
    while (told != "lost restored " || owner == "")
        iterate ();
}

delegate void Scene () throws Error;

void play (Scene scene) {
    try {
        scene ();
    } catch (Error error) {
        assert_no_error (error);
    }
}

int main (string[] args) {
    Test.init (ref args);
    Test.add_func ("/dbr/vala/signals/stall", () => play (stall));
    Test.add_func ("/dbr/vala/signals/retries", () => play (retries));
    Test.add_func ("/dbr/vala/signals/pool", () => play (pool));
    Test.add_func ("/dbr/vala/signals/the-bus", () => play (the_bus));

    return Test.run ();
}
