package config

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/kithdata/kith/internal/api"
	"github.com/kithdata/kith/internal/destination/webhook"
	"github.com/kithdata/kith/internal/expr"
	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/kit/forwarded"
	"github.com/kithdata/kith/internal/pipeline"
	"github.com/kithdata/kith/internal/warehouse"
)

func (b *builder) warehouse(v *value) {
	w := warehouse.Config{
		Type:      v.get("type").textOr("duckdb"),
		Path:      b.resolve(v.get("path").text()),
		StepRows:  v.get("step_rows").int(),
		StepTime:  v.get("step_time").duration(),
		QueryTime: v.get("query_time").duration(),
		QueryRows: v.get("query_rows").int(),
	}
	if v.get("path") == nil {
		w.Path = b.tree.Data + string(os.PathSeparator) + "warehouse.duckdb"
	}
	if m := v.get("memory"); m != nil {
		w.Memory = strconv.FormatInt(max(m.n>>20, 1), 10) + "MiB"
	}
	b.tree.Warehouse = w
}

func (b *builder) pipeline(v *value) {
	b.tree.Pipeline = pipeline.Config{
		BatchRecords:    v.get("batch_records").int(),
		DuplicateWindow: v.get("duplicate_window").duration(),
		MaxLag:          uint64(v.get("max_lag").int()),
	}
}

func (b *builder) quarantine(v *value) { b.tree.Pipeline.Keep = v.get("keep").duration() }

func (b *builder) server(v *value) {
	c := api.Config{
		Listen:   v.get("listen").text(),
		TLSCert:  b.existing(v.get("tls").get("cert"), CodeServer),
		TLSKey:   b.existing(v.get("tls").get("key"), CodeServer),
		Insecure: v.get("insecure").bool(false),

		Hosts:       v.get("hosts").texts(),
		Proxies:     forwarded.Proxies{Trusted: b.proxies(v.get("trusted_proxies")), Standard: v.get("proxy_header").text() == "forwarded"},
		Connections: v.get("connections").int(),
		Drain:       v.get("drain").duration(),
	}
	b.tree.API = c
	if c.Listen == "" {
		return
	}
	host, port, err := net.SplitHostPort(c.Listen)
	if n, errPort := strconv.Atoi(port); err != nil || errPort != nil || n < 0 || n > 65535 {
		b.add(v.get("listen").at(), CodeServer, "server.listen is not host:port", "write for example 127.0.0.1:8471")
		return
	}
	if v.get("tls") == nil && !c.Insecure && !loopback(host) {
		b.add(v.get("listen").at(), CodeServer, "server.listen is reachable from other machines without TLS",
			"add server.tls with cert and key, or insecure: true behind a proxy that ends TLS")
	}
}

// proxies are the networks of trusted proxies: never the whole internet, which would have
// everybody say who they are.
func (b *builder) proxies(v *value) []netip.Prefix {
	all := b.networks(v)
	if slices.ContainsFunc(all, func(n netip.Prefix) bool { return n.Bits() == 0 }) {
		b.add(v.node, CodeServer, v.path+" trusts everybody", "name the networks of the proxies alone")
	}
	return all
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// existing is a path whose file must be there.
func (b *builder) existing(v *value, code errs.Code) string {
	if v == nil {
		return ""
	}
	path := b.resolve(v.str)
	info, err := os.Stat(path)
	switch {
	case err != nil:
		b.add(v.node, code, fmt.Sprintf("%s names a file that cannot be read: %s", v.path, reason(err)), "put the file there, or name the right one")
	case info.IsDir():
		b.add(v.node, code, v.path+" names a folder", "name the file within it")
	}
	return path
}

func (b *builder) destinations(v *value) {
	for _, name := range v.keys() {
		d := v.get(name)
		if !b.plainName(d, name) || d.get("type").text() != "webhook" {
			continue
		}
		c := webhook.Config{
			Name:         name,
			URL:          d.get("url").text(),
			Secret:       d.get("secret").text(),
			On:           d.get("on").texts(),
			When:         d.get("when").text(),
			Consent:      d.get("consent").text(),
			AllowPrivate: d.get("allow_private").bool(false),
			Timeout:      d.get("timeout").duration(),
			Attempts:     d.get("attempts").int(),
			Concurrency:  d.get("concurrency").int(),
			Horizon:      uint64(d.get("horizon").int()),
		}
		if len(c.On) == 0 {
			c.On = []string{"profile.changed"}
		}
		b.checkWebhook(d, c)
		b.tree.Webhooks = append(b.tree.Webhooks, c)
	}
}

func (b *builder) checkWebhook(d *value, c webhook.Config) {
	if at := d.get("url"); at != nil {
		u, err := url.Parse(c.URL)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
			b.add(at.node, CodeWebhook, at.path+" is not an http or https address", "write for example https://mailer.example.com/hook")
		}
	}
	kinds := []string{"profile.created", "profile.updated", "profile.changed", "profile.merged", "profile.split", "profile.erased", "event.*"}
	if on := d.get("on"); on != nil {
		for _, item := range on.items {
			if name, ok := strings.CutPrefix(item.str, "event."); ok && name != "" {
				continue
			}
			if !slices.Contains(kinds, item.str) {
				b.add(item.node, CodeWebhook, fmt.Sprintf("%s: there is no message %q", on.path, item.node.Value), meant(item.str, kinds))
			}
		}
	}
	profiles, events := false, false
	for _, on := range c.On {
		if strings.HasPrefix(on, "event.") {
			events = true
		} else {
			profiles = true
		}
	}
	if profiles {
		b.condition(d.get("when"), expr.Profile)
	}
	if events {
		b.condition(d.get("when"), expr.Event)
	}
}
