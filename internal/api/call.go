package api

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/kithdata/kith/internal/kit/errs"
)

// auditTimeout is how long an answer waits for its entry to be on disk.
const auditTimeout = 10 * time.Second

// maxBody is the most bytes of a request's body, and maxRules that of one which holds rules.
const (
	maxBody  = 1 << 20
	maxRules = 8 << 20
)

// errInternal has no code: the caller learns nothing but that it is our fault.
var errInternal = errors.New("internal fault")

func typeName(v any) string { return fmt.Sprintf("%T", v) }

// call is one request to an operation, after its key and role were checked.
type call struct {
	s     *Server
	op    *operation
	w     http.ResponseWriter
	r     *http.Request
	who   Principal
	query url.Values
}

// operation makes the handler of op: key, role, parameters, then op itself.
func (s *Server) operation(op *operation) http.Handler {
	counts := s.metrics.of(op.id)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := s.deps.Clock.Now()
		c := call{s: s, op: op, w: w, r: r}
		err := c.run()
		status := http.StatusOK
		if err != nil {
			if op.action == "sql" {
				err = withheld{err}
			}
			status = s.writeFault(w, err)
		} else if a, ok := w.(*answer); ok && a.status != 0 {
			status = a.status
		}
		counts.observe(status, s.deps.Clock.Now().Sub(start))
	})
}

func (c *call) run() error {
	if c.op.role != "" {
		if err := c.authenticate(); err != nil {
			return err
		}
	}
	if err := c.readQuery(); err != nil {
		return err
	}
	return c.op.handle(c)
}

// authenticate finds out who calls and whether the role allows it.
func (c *call) authenticate() error {
	presented, bearer := bearerToken(c.r.Header)
	from := remote(c.r)
	if !bearer {
		c.w.Header().Set("WWW-Authenticate", `Bearer realm="kith"`)
		return errs.New(CodeUnauthenticated, "the request carries no API key").
			Fix("send \"Authorization: Bearer kith_…\"; an admin makes keys with `kith keys create`")
	}
	who, err := c.s.deps.Keys.Authenticate(c.r.Context(), presented)
	if errs.Is(err, CodeUnauthenticated) {
		if wait := c.s.failures.failed(from); wait > 0 {
			c.w.Header().Set("Retry-After", strconv.Itoa(int(wait/time.Second)+1))
			return errs.New(CodeThrottled, "too many requests with wrong keys came from this address").Fix("wait as long as Retry-After says, and use a valid key")
		}
		c.w.Header().Set("WWW-Authenticate", `Bearer realm="kith"`)
	}
	if err != nil {
		return err
	}
	c.who = who
	if who.Role.allows(c.op.role) {
		return nil
	}
	if c.op.action != "" {
		if err := c.audit("", "denied", false); err != nil {
			return err
		}
	}
	return errs.New(CodeForbidden, "a key of role "+string(who.Role)+" may not do this").Fix("use a key of role " + string(c.op.role))
}

func bearerToken(h http.Header) (string, bool) {
	scheme, token, ok := strings.Cut(h.Get("Authorization"), " ")
	token = strings.TrimSpace(token)
	return token, ok && token != "" && len(token) <= 256 && strings.EqualFold(scheme, "Bearer")
}

// audit adds an entry for the operation's action (I7). Where it fails, what was read
// must not be shown.
func (c *call) audit(what, outcome string, durable bool) error {
	// The entry is made although the caller left: the read has taken place.
	ctx := context.WithoutCancel(c.r.Context())
	if durable {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, auditTimeout)
		defer cancel()
	}
	return c.s.deps.Audit.Record(ctx, AuditEntry{Principal: c.who.ID, Action: c.op.action, What: what, Outcome: outcome}, durable)
}

// outcome is how an audit entry names the result of a read.
func outcome(err error) string {
	if err == nil {
		return "ok"
	}
	if code := errs.CodeOf(err); code != "" {
		return string(code)
	}
	return string(CodeInternal)
}

// readQuery refuses parameters that the operation does not have: what somebody may
// have put into a URL by mistake is said to be wrong there.
func (c *call) readQuery() error {
	if c.r.URL.RawQuery == "" {
		return nil
	}
	q, err := url.ParseQuery(c.r.URL.RawQuery)
	if err != nil {
		return errs.New(CodeBadParameter, "the query string is malformed")
	}
	for name, values := range q {
		if !slices.Contains(c.op.query, name) {
			return errs.New(CodeBadParameter, "the operation has no such query parameter").Fix("it has: " + strings.Join(c.op.query, ", "))
		}
		if len(values) != 1 {
			return errs.New(CodeBadParameter, "a query parameter is given twice").At(name)
		}
	}
	c.query = q
	return nil
}

// number reads a whole number from lo to hi; absent means zero value def.
func (c *call) number(name string, lo, hi, def uint64) (uint64, error) {
	text := c.query.Get(name)
	if text == "" {
		return def, nil
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil || n < lo || n > hi {
		return 0, errs.New(CodeBadParameter, fmt.Sprintf("%s is a whole number from %d to %d", name, lo, hi)).At(name)
	}
	return n, nil
}

// flag reads true or false; absent means false.
func (c *call) flag(name string) (bool, error) {
	switch c.query.Get(name) {
	case "", "false":
		return false, nil
	case "true":
		return true, nil
	}
	return false, errs.New(CodeBadParameter, name+" is true or false").At(name)
}

// decode reads the JSON body into v; unknown and repeated members are refused. An
// empty body is refused unless optional.
func (c *call) decode(v any, optional bool) error { return c.decodeWithin(maxBody, v, optional) }

func (c *call) decodeWithin(most int64, v any, optional bool) error {
	body := http.MaxBytesReader(c.w, c.r.Body, most)
	raw, err := io.ReadAll(body)
	if err != nil {
		if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
			return errs.New(CodeBodyTooLarge, fmt.Sprintf("the body is larger than %d MiB", most>>20))
		}
		return errs.New(CodeBadBody, "the body could not be read to its end")
	}
	if optional && len(raw) == 0 {
		return nil
	}
	if err := json.Unmarshal(raw, v, json.RejectUnknownMembers(true)); err != nil {
		fault := errs.New(CodeBadBody, "the body is not the JSON object that the operation takes").Fix("GET /api/openapi.json describes it")
		if e, ok := errors.AsType[*json.SemanticError](err); ok {
			if errors.Is(err, json.ErrUnknownName) { // the name is the caller's, and may say anything (I6)
				fault.What = "the body has a member that the operation does not know"
				return fault.At(string(ownPart(e.JSONPointer.Parent())))
			}
			return fault.At(string(ownPart(e.JSONPointer)))
		}
		if e, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
			fault.What = fmt.Sprintf("the body is not valid JSON at byte %d", e.ByteOffset)
		}
		return fault
	}
	return nil
}

// ownPart is a place in a body as far as its names are the operation's own: those
// within "by" are the caller's.
func ownPart(at jsontext.Pointer) jsontext.Pointer {
	if strings.HasPrefix(string(at), "/by/") {
		return "/by"
	}
	return at
}

// write answers with what fill appends to a buffer.
func (s *Server) write(w http.ResponseWriter, status int, fill func(b []byte) ([]byte, error)) error {
	buf := s.buffers.Get().(*[]byte)
	b, err := fill((*buf)[:0])
	if err == nil {
		h := w.Header()
		h["Content-Type"] = jsonType
		h["Cache-Control"] = noStore
		h["Content-Length"] = []string{strconv.Itoa(len(b))}
		w.WriteHeader(status)
		_, _ = w.Write(b) // a caller that left is told nothing
	}
	if cap(b) <= 1<<20 {
		*buf = b[:0]
		s.buffers.Put(buf)
	}
	return err
}

var (
	jsonType = []string{"application/json"}
	noStore  = []string{"no-store"} // no cache may keep personal data
)

// json answers with v as JSON.
func (c *call) json(status int, v any) error {
	return c.s.write(c.w, status, func(b []byte) ([]byte, error) { return appendJSON(b, v) })
}

func appendJSON(b []byte, v any) ([]byte, error) {
	raw, err := json.Marshal(v)
	return append(b, raw...), err
}

// withheld keeps an error's text out of the log: an engine quotes values of the query
// and of rows in its faults (I6). The caller, who wrote the query, still gets its coded message.
type withheld struct{ error }

func (w withheld) Error() string {
	return "text withheld, since it may quote data; " + typeName(w.error)
}

func (w withheld) Unwrap() error { return w.error }

// writeFault answers with an error and gives the status.
func (s *Server) writeFault(w http.ResponseWriter, err error) int {
	status, body := s.fault(err)
	if status >= http.StatusInternalServerError {
		level := slog.LevelError
		if body.Code == string(CodeNotYet) || errors.Is(err, context.Canceled) {
			level = slog.LevelDebug // nothing is wrong here: what was waited for did not come, or the caller left
		}
		s.deps.Log.Log(context.Background(), level, "a request failed", "request", w.Header().Get(HeaderRequestID), "code", body.Code, "error", err)
		if status == http.StatusServiceUnavailable {
			w.Header().Set("Retry-After", "1")
		}
	}
	_ = s.write(w, status, func(b []byte) ([]byte, error) { return appendJSON(b, &body) }) // strings always render
	return status
}
