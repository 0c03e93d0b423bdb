// Copyright 2026 The libdbr authors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Figures for other programs, and charts for people, as files.
namespace Health.Exporter {
    const int CHART_WIDTH = 960;
    const int CHART_HEIGHT = 400;

    public errordomain Fault {
        FORMAT,
    }

    // The text format that Prometheus reads. Of the library's own figures, with those of each
    // service after them.
    public string to_prometheus (Watch watch) {
        var text = new StringBuilder (watch.metrics.to_prometheus ());
        append_head (text, "up", "gauge", "Whether the service answers (1) or not (0).");
        each (watch, (service, labels) => {
            text.append ("dbr_health_up{%s} %d\n".printf (labels, (int) service.is_up));
        });
        append_head (text, "restarts_total", "counter",
            "How often the service was restarted since it is watched.");
        each (watch, (service, labels) => {
            text.append ("dbr_health_restarts_total{%s} %u\n".printf (labels,
                service.monitor.restarts));
        });
        append_head (text, "answer_seconds", "gauge",
            "How long answers took within the last hour.");
        each (watch, (service, labels) => {
            var figures = service.series.measure (get_monotonic_time () - Series.LENGTH);
            append_quantile (text, labels, "0.5", figures.median);
            append_quantile (text, labels, "0.95", figures.p95);
            append_quantile (text, labels, "0.99", figures.p99);
        });

        return text.str;
    }

    void append_head (StringBuilder text, string name, string kind, string help) {
        text.append ("# HELP dbr_health_%s %s\n".printf (name, help));
        text.append ("# TYPE dbr_health_%s %s\n".printf (name, kind));
    }

    delegate void Visitor (Service service, string labels);

    void each (Watch watch, Visitor visitor) {
        for (var i = 0; i < watch.services.get_n_items (); i++) {
            var service = (Service) watch.services.get_item (i);
            visitor (service, "bus=\"%s\",service=\"%s\"".printf (name_bus (service.bus),
                service.name));
        }
    }

    string name_bus (BusType bus) {
        return bus == SYSTEM ? "system" : "session";
    }

    // Numbers for machines have a point, whatever the language.
    string format_number (double number) {
        var buffer = new char[double.DTOSTR_BUF_SIZE];

        return number.to_str (buffer);
    }

    void append_quantile (StringBuilder text, string labels, string quantile, int64 usec) {
        if (usec >= 0)
            text.append ("dbr_health_answer_seconds{%s,quantile=\"%s\"} %s\n".printf (labels,
                quantile, format_number (usec / 1e6)));
    }

    // One line an answer, and one a change of state.
    public string to_csv (Watch watch) {
        var text = new StringBuilder ("time,bus,service,kind,latency_ms,state\r\n");
        // The monotonic clock's zero, on the clock of the wall.
        var zero = get_real_time () - get_monotonic_time ();
        each (watch, (service) => {
            var head = "%s,%s".printf (name_bus (service.bus), service.name);
            unowned var series = service.series;
            for (var i = 0; i < series.n_samples; i++)
                text.append ("%s,%s,answer,%s,\r\n".printf (
                    format_time (zero + series.get_time (i)), head,
                    format_number (series.get_latency (i) / 1000.0)));
            foreach (var span in series.get_spans ())
                text.append ("%s,%s,state,,%s\r\n".printf (format_time (zero + span.since), head,
                    name_state (span.state)));
        });

        return text.str;
    }

    string format_time (int64 usec) {
        var time = new DateTime.from_unix_utc (usec / TimeSpan.SECOND);

        return time.add (usec % TimeSpan.SECOND).format ("%Y-%m-%dT%H:%M:%S.%fZ");
    }

    string name_state (Dbr.ServiceState state) {
        return ((EnumClass) typeof (Dbr.ServiceState).class_ref ()).get_value (state).value_nick;
    }

    Cairo.Status collect (ByteArray bytes, uchar[] data) {
        bytes.append (data);

        return SUCCESS;
    }

    // The chart as it is now, on white paper.
    public Bytes draw_chart (Service service, int64 length, bool is_svg) throws Error {
        var bytes = new ByteArray ();
        Cairo.Surface surface;
        if (is_svg)
            surface =
                new Cairo.SvgSurface.for_stream ((data) => collect (bytes, data), CHART_WIDTH,
                    CHART_HEIGHT);
        else
            surface = new Cairo.ImageSurface (ARGB32, CHART_WIDTH, CHART_HEIGHT);
        var cr = new Cairo.Context (surface);
        cr.set_source_rgb (1, 1, 1);
        cr.paint ();
        var context = Pango.cairo_create_context (cr);
        draw_title (cr, context, service.name);
        cr.translate (0, 40);
        var painter = new ChartPainter.for_file ();
        painter.length = length;
        painter.draw (cr, context, service.series, get_monotonic_time (), CHART_WIDTH,
            CHART_HEIGHT - 40);
        if (!is_svg)
            surface.write_to_png_stream ((data) => collect (bytes, data));
        surface.finish ();
        if (surface.status () != SUCCESS)
            throw new Fault.FORMAT (surface.status ().to_string ());

        return ByteArray.free_to_bytes ((owned) bytes);
    }

    void draw_title (Cairo.Context cr, Pango.Context context, string text) {
        var layout = new Pango.Layout (context);
        layout.set_font_description (Pango.FontDescription.from_string ("Sans Bold 12"));
        layout.set_text (text, -1);
        cr.set_source_rgb (0.24, 0.22, 0.27);
        cr.move_to (12, 14);
        Pango.cairo_show_layout (cr, layout);
    }
}
