package api

import (
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// metrics counts requests by operation. Labels hold operation names and classes of
// status, never anything that a caller sent (I6).
type metrics struct {
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	handler  http.Handler
}

func newMetrics(registry *prometheus.Registry) (*metrics, error) {
	m := &metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "kith_api_requests_total",
			Help: "Requests to the API, by operation and class of status."}, []string{"operation", "status"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "kith_api_request_seconds",
			Help:    "Time to answer, by operation.",
			Buckets: []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .05, .25, 1, 5, 30}}, []string{"operation"}),
		handler: promhttp.HandlerFor(registry, promhttp.HandlerOpts{}),
	}
	for _, c := range []prometheus.Collector{m.requests, m.seconds} {
		if err := registry.Register(c); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// counts are the children of one operation, looked up once.
type counts struct {
	classes [6]prometheus.Counter // by the first digit of the status
	seconds prometheus.Observer
}

func (m *metrics) of(operation string) *counts {
	c := &counts{seconds: m.seconds.WithLabelValues(operation)}
	for i, class := range [6]string{"", "1xx", "2xx", "3xx", "4xx", "5xx"} {
		if i > 0 {
			c.classes[i] = m.requests.WithLabelValues(operation, class)
		}
	}
	return c
}

func (c *counts) observe(status int, took time.Duration) {
	if class := status / 100; class > 0 && class < len(c.classes) {
		c.classes[class].Inc()
	}
	c.seconds.Observe(took.Seconds())
}
