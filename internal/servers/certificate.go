package servers

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// Certificates are files in PEM that a server of this package trusts and is trusted by.
// They are made anew for each.
type Certificates struct {
	CA         string // who signed all others
	Cert, Key  string // a client's, for servers that ask for one
	server     string // the server's certificate, then its key's file
	serverKey  string
	serverBoth string // the server's key and certificate in one file, as Kafka wants it
}

// Client is the TLS configuration of a client that knows the CA and has a certificate.
func (c *Certificates) Client() (*tls.Config, error) {
	ca, err := os.ReadFile(c.CA)
	if err != nil {
		return nil, err
	}
	pair, err := tls.LoadX509KeyPair(c.Cert, c.Key)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(ca)
	return &tls.Config{RootCAs: pool, Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}, nil
}

// certify makes an authority, and with it a server's certificate for host and the usual
// loopback addresses, where proxies listen, and a client's.
func certify(dir, host, user string) (*Certificates, error) {
	c := &Certificates{
		CA:   filepath.Join(dir, "ca.pem"),
		Cert: filepath.Join(dir, "client.pem"), Key: filepath.Join(dir, "client.key"),
		server: filepath.Join(dir, "server.pem"), serverKey: filepath.Join(dir, "server.key"),
		serverBoth: filepath.Join(dir, "server-both.pem"),
	}
	now := time.Now()
	template := func(serial int64, name string) *x509.Certificate {
		return &x509.Certificate{
			SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: name},
			NotBefore: now.Add(-time.Hour), NotAfter: now.Add(30 * 24 * time.Hour),
			BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature,
		}
	}
	ca := template(1, "Kith's tests")
	ca.IsCA, ca.KeyUsage = true, x509.KeyUsageCertSign
	caKey, caCert, _, err := sign(ca, ca, nil)
	if err != nil {
		return nil, err
	}
	server := template(2, "server")
	server.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	server.DNSNames = []string{"localhost"}
	server.IPAddresses = []net.IP{net.ParseIP(host), net.IPv4(127, 0, 0, 1), net.IPv6loopback}
	_, serverCert, serverKey, err := sign(server, ca, caKey)
	if err != nil {
		return nil, err
	}
	client := template(3, user)
	client.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	_, clientCert, clientKey, err := sign(client, ca, caKey)
	if err != nil {
		return nil, err
	}
	write := func(path string, parts ...[]byte) error {
		var text []byte
		for _, p := range parts {
			text = append(text, p...)
		}
		return os.WriteFile(path, text, 0o600)
	}
	err = errors.Join(
		write(c.CA, caCert),
		write(c.Cert, clientCert), write(c.Key, clientKey),
		write(c.server, serverCert), write(c.serverKey, serverKey),
		write(c.serverBoth, serverKey, serverCert))
	if err != nil {
		return nil, fmt.Errorf("making certificates: %w", err)
	}
	return c, nil
}

// sign makes a key and, signed by an authority or by itself, its certificate, and gives both in PEM.
func sign(template, by *x509.Certificate, byKey *ecdsa.PrivateKey) (key *ecdsa.PrivateKey, cert, keyText []byte, err error) {
	if key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		return nil, nil, nil, err
	}
	if byKey == nil {
		byKey = key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, by, &key.PublicKey, byKey)
	if err != nil {
		return nil, nil, nil, err
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, nil, nil, err
	}
	return key, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}), nil
}
