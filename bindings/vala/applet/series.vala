// Copyright 2026 The libdbr authors
// SPDX-License-Identifier: LGPL-2.1-or-later

// A time in which a service was in one state; it lasts until the next one begins.
public struct Health.Span {
    public int64 since;
    public Dbr.ServiceState state;
}

public struct Health.Percentiles {
    public uint count;
    // In microseconds, -1 where too few answers came to tell.
    public int64 median;
    public int64 p95;
    public int64 p99;
}

// What a service did in the last hour: how long its answers took, and in which state it was. Times
// are microseconds on the monotonic clock. Both are rings, so that a day costs no more than an
// hour.
public class Health.Series : Object {
    public const int64 LENGTH = 3600 * TimeSpan.SECOND;

    // Below that a percentile says more of chance than of the service; the library draws the line
    // there too.
    const uint ENOUGH = 20;
    const int MAX_SAMPLES = 4096;
    const int MAX_SPANS = 512;

    int64[] times = new int64[64];
    int64[] latencies = new int64[64];
    int first = 0;
    Span[] spans = {};
    int64[] restarts = {};

    public int n_samples { get; private set; default = 0; }

    int index_of (int number) {
        return (first + number) % times.length;
    }

    public int64 get_time (int number) {
        return times[index_of (number)];
    }

    public int64 get_latency (int number) {
        return latencies[index_of (number)];
    }

    void grow () {
        var new_times = new int64[times.length * 2];
        var new_latencies = new int64[times.length * 2];
        for (var i = 0; i < n_samples; i++) {
            new_times[i] = get_time (i);
            new_latencies[i] = get_latency (i);
        }
        times = (owned) new_times;
        latencies = (owned) new_latencies;
        first = 0;
    }

    public void add_sample (int64 time, int64 latency) {
        while (n_samples > 0 && get_time (0) < time - LENGTH)
            drop_first ();
        if (n_samples == times.length && n_samples < MAX_SAMPLES)
            grow ();
        else if (n_samples == times.length)
            drop_first ();
        var last = index_of (n_samples);
        times[last] = time;
        latencies[last] = latency;
        n_samples++;
    }

    void drop_first () {
        first = index_of (1);
        n_samples--;
    }

    // A stall is told some time after its beginning, so that a span may begin before the last one
    // did.
    public void add_span (int64 told_since, Dbr.ServiceState state) {
        var since = told_since;
        // What was answered was answered before it began.
        if (n_samples > 0)
            since = int64.max (since, get_time (n_samples - 1) + 1);
        while (spans.length > 0 && spans[spans.length - 1].since >= since)
            spans.resize (spans.length - 1);
        if (spans.length > 0 && spans[spans.length - 1].state == state)
            return;
        if (spans.length == MAX_SPANS) {
            spans.move (1, 0, MAX_SPANS - 1);
            spans.resize (MAX_SPANS - 1);
        }
        spans += Span () { since = since, state = state };
    }

    public unowned Span[] get_spans () {
        return spans;
    }

    public void add_restart (int64 time) {
        if (restarts.length == MAX_SPANS) {
            restarts.move (1, 0, MAX_SPANS - 1);
            restarts.resize (MAX_SPANS - 1);
        }
        restarts += time;
    }

    public unowned int64[] get_restarts () {
        return restarts;
    }

    // The number of the first sample that is not older.
    public int find (int64 time) {
        var low = 0;
        var high = n_samples;
        while (low < high) {
            var middle = (low + high) / 2;
            if (get_time (middle) < time)
                low = middle + 1;
            else
                high = middle;
        }

        return low;
    }

    static int compare (void* a, void* b) {
        var first = *(int64*) a;
        var second = *(int64*) b;

        return first < second ? -1 : (int) (first > second);
    }

    public Percentiles measure (int64 since) {
        var begin = find (since);
        var sorted = new int64[n_samples - begin];
        for (var i = begin; i < n_samples; i++)
            sorted[i - begin] = get_latency (i);
        Posix.qsort (sorted, sorted.length, sizeof (int64), compare);
        var result = Percentiles () { count = sorted.length, median = -1, p95 = -1, p99 = -1 };
        if (sorted.length >= ENOUGH) {
            result.median = sorted[(sorted.length - 1) / 2];
            result.p95 = sorted[(int) ((sorted.length - 1) * 0.95)];
            result.p99 = sorted[(int) ((sorted.length - 1) * 0.99)];
        }

        return result;
    }

    public uint count_stalls (int64 since) {
        var count = 0;
        for (var i = 0; i < spans.length; i++) {
            var ends = i + 1 < spans.length ? spans[i + 1].since : int64.MAX;
            if (Text.is_stall (spans[i].state) && ends > since)
                count++;
        }

        return count;
    }
}
