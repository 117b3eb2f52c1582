package file

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/kit/netguard"
)

const s3Scheme = "s3://"

// The times that a place elsewhere is given.
const (
	dialTimeout    = 10 * time.Second
	requestTimeout = time.Minute     // of one range, of at most lastRange bytes
	listTimeout    = 5 * time.Minute // of all pages of a list
	maxAnswer      = 32 << 20        // bytes of any one answer
	tries          = 3
)

// S3 is how to speak to a bucket.
type S3 struct {
	Endpoint  string // https://HOST[:PORT]; empty: Amazon's
	Region    string // default us-east-1
	AccessKey string // with SecretKey; both empty: as Amazon's tools find them
	SecretKey string
	PathStyle *bool // https://HOST/BUCKET rather than https://BUCKET.HOST; nil: by the host
}

// bucket is the place of objects in S3, or in a store that speaks its protocol.
type bucket struct {
	client  *minio.Client
	name    string
	pattern string // of the objects' keys
}

// parseS3 cuts s3://bucket/pattern.
func parseS3(address string) (name, pattern string, ok bool) {
	name, pattern, ok = strings.Cut(strings.TrimPrefix(address, s3Scheme), "/")
	_, err := path.Match(pattern, "")
	return name, pattern, ok && err == nil && name != "" && pattern != "" && !strings.ContainsAny(name, `*?[\@:`)
}

// endpoint is the host of S3's address, and whether TLS is spoken to it.
func (c Config) endpoint() (host string, secure bool, err error) {
	if c.S3.Endpoint == "" {
		return "s3.amazonaws.com", true, nil
	}
	text := c.S3.Endpoint
	if !strings.Contains(text, "://") {
		text = "https://" + text
	}
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || strings.Trim(u.Path, "/") != "":
		return "", false, errors.New("the endpoint is no address of a host")
	case u.Scheme == "https":
		return u.Host, true, nil
	case u.Scheme == "http" && c.AllowPrivate:
		return u.Host, false, nil
	case u.Scheme == "http":
		return "", false, errors.New("the endpoint speaks http, in the clear")
	}
	return "", false, errors.New("the endpoint is neither https nor http")
}

func newBucket(c Config) (*bucket, error) {
	host, secure, err := c.endpoint()
	if err != nil {
		return nil, err
	}
	b := &bucket{}
	b.name, b.pattern, _ = parseS3(c.Path) // validated
	lookup := minio.BucketLookupAuto
	if c.S3.PathStyle != nil {
		lookup = minio.BucketLookupDNS
		if *c.S3.PathStyle {
			lookup = minio.BucketLookupPath
		}
	}
	creds := credentials.NewStaticV4(c.S3.AccessKey, c.S3.SecretKey, "")
	if c.S3.AccessKey == "" {
		creds = credentials.NewChainCredentials([]credentials.Provider{
			&credentials.EnvAWS{}, &credentials.FileAWSCredentials{},
			&credentials.IAM{Client: &http.Client{Timeout: dialTimeout}},
		})
	}
	b.client, err = minio.New(host, &minio.Options{Creds: creds, Secure: secure, Transport: guardedTransport(c.AllowPrivate),
		Region: cmp.Or(c.S3.Region, "us-east-1"), BucketLookup: lookup, MaxRetries: tries})
	return b, err
}

// guardedTransport speaks to public addresses only, unless others are allowed; to no
// proxy of the environment, which would be asked to reach them instead. Redirects are
// not followed: the client sees to that.
func guardedTransport(private bool) http.RoundTripper {
	return boundedAnswers{&http.Transport{
		DialContext:           guardedDialer(private).DialContext,
		TLSHandshakeTimeout:   dialTimeout,
		ResponseHeaderTimeout: requestTimeout,
		IdleConnTimeout:       time.Minute,
		MaxIdleConnsPerHost:   4,
		DisableCompression:    true, // an object is what its bytes are
		ForceAttemptHTTP2:     true,
	}}
}

func guardedDialer(private bool) *net.Dialer {
	return &net.Dialer{Timeout: dialTimeout, Control: netguard.Control(private)}
}

// boundedAnswers cuts every answer off at maxAnswer bytes.
type boundedAnswers struct{ next http.RoundTripper }

func (b boundedAnswers) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := b.next.RoundTrip(req)
	if err == nil {
		resp.Body = struct {
			io.Reader
			io.Closer
		}{io.LimitReader(resp.Body, maxAnswer), resp.Body}
	}
	return resp, err
}

func (b *bucket) address(key string) string { return s3Scheme + b.name + "/" + key }

func (b *bucket) key(address string) string {
	return strings.TrimPrefix(address, s3Scheme+b.name+"/")
}

// list asks for the keys that begin as the pattern does, without those in folders below
// where the pattern names none.
func (b *bucket) list(ctx context.Context) ([]entry, error) {
	ctx, cancel := context.WithTimeout(ctx, listTimeout)
	defer cancel()
	prefix := fixedPrefix(b.pattern)
	recursive := strings.Contains(b.pattern[len(prefix):], "/")
	var found []entry
	for o := range b.client.ListObjectsIter(ctx, b.name, minio.ListObjectsOptions{Prefix: prefix, Recursive: recursive}) {
		if o.Err != nil {
			return nil, b.fault(b.pattern, "listing a bucket", o.Err)
		}
		if match, _ := path.Match(b.pattern, o.Key); !match || strings.HasSuffix(o.Key, "/") { // the pattern was checked
			continue
		}
		if len(found) == maxDocs {
			return nil, errs.New(CodeUnreachable, "the path names more files than can be kept in mind").At(b.address(b.pattern)).Fix("name fewer")
		}
		found = append(found, entry{path: b.address(o.Key), sight: sight{size: max(o.Size, 0), modified: o.LastModified.UnixNano(), tag: o.ETag}})
	}
	if err := ctx.Err(); err != nil {
		return nil, b.fault(b.pattern, "listing a bucket", err)
	}
	slices.SortFunc(found, func(x, y entry) int { return strings.Compare(x.path, y.path) })
	return found, nil
}

// open gives the object as it was listed: another that takes its place while it is read
// is a fault, and read at the next look.
func (b *bucket) open(ctx context.Context, e entry) (blob, error) {
	read := func(p []byte, off int64) error {
		ctx, cancel := context.WithTimeout(ctx, requestTimeout)
		defer cancel()
		o := minio.GetObjectOptions{}
		if err := o.SetRange(off, off+int64(len(p))-1); err != nil {
			return err
		}
		if e.tag != "" {
			if err := o.SetMatchETag(e.tag); err != nil {
				return err
			}
		}
		body, _, _, err := (minio.Core{Client: b.client}).GetObject(ctx, b.name, b.key(e.path), o)
		if err != nil {
			return err
		}
		defer func() { _ = body.Close() }() // it was only read
		_, err = io.ReadFull(body, p)
		return err
	}
	return newRanged(e.size, func(p []byte, off int64) (err error) {
		for range tries { // the client tries again until an answer begins, and not when one breaks off
			if err = read(p, off); err == nil || ctx.Err() != nil || minio.ToErrorResponse(err).Code != "" {
				break
			}
		}
		if err != nil {
			return b.fault(b.key(e.path), "reading an object", err)
		}
		return nil
	}, nil), nil
}

func (b *bucket) gone(ctx context.Context, path string) bool {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	_, err := b.client.StatObject(ctx, b.name, b.key(path), minio.StatObjectOptions{})
	return minio.ToErrorResponse(err).StatusCode == http.StatusNotFound
}

func (b *bucket) sudden() bool { return true }

func (b *bucket) close() {}

// fault says what went wrong in words of our own: an answer's may hold anything, and an
// error of the network names the request's URL.
func (b *bucket) fault(key, doing string, err error) error {
	at := b.address(key)
	answer := minio.ToErrorResponse(err)
	switch {
	case answer.StatusCode == http.StatusPreconditionFailed:
		return errs.New("file_unreadable", "the object was replaced while it was read").At(at).Fix("nothing: the new one is read at the next look")
	case answer.StatusCode == http.StatusForbidden || answer.StatusCode == http.StatusUnauthorized:
		return errs.Wrap(CodeUnreachable, doing, errors.New("the store says that these keys may not")).At(at).
			Fix("check s3.access_key, s3.secret_key and s3.region, and that the keys may list the bucket and get its objects")
	case answer.StatusCode == http.StatusNotFound:
		return errs.Wrap(CodeUnreachable, doing, errors.New("there is no such bucket or object")).At(at).Fix("check the path, s3.endpoint and s3.path_style")
	case answer.StatusCode >= 300 && answer.StatusCode < 400:
		return errs.Wrap(CodeUnreachable, doing, errors.New("the store sends elsewhere, which is not followed")).At(at).Fix("check s3.endpoint and s3.region")
	}
	return netFault(at, doing, err)
}

// netFault tells of a fault of the network without repeating its text.
func netFault(at, doing string, err error) error {
	if errors.Is(err, netguard.ErrMetadata) {
		return errs.Wrap(CodePrivate, doing, netguard.ErrMetadata).At(at).Fix("name the address of the store or server: this one is refused whatever allow_private says")
	}
	if errors.Is(err, netguard.ErrPrivate) {
		return errs.Wrap(CodePrivate, doing, netguard.ErrPrivate).At(at).Fix("set allow_private where it is meant to be on this network")
	}
	why := "the connection failed or broke off"
	timeout, isTimeout := errors.AsType[net.Error](err)
	switch {
	case errors.Is(err, context.DeadlineExceeded) || isTimeout && timeout.Timeout():
		why = "it did not answer in time"
	case errors.Is(err, context.Canceled):
		return err
	}
	if _, ok := errors.AsType[*net.DNSError](err); ok {
		why = "its name leads to no address"
	}
	return errs.Wrap(CodeUnreachable, doing, errors.New(why)).At(at).Fix("it is tried again by itself; check the address if this stays")
}
