package redistest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// Certificates are PEM files of a test's own: an authority, and a certificate from it with its key, for
// both ends of connections on the loopback interface.
type Certificates struct {
	CA, Cert, Key string
}

// NewCertificates makes certificates that are good for an hour, and from a minute ago on.
func NewCertificates(t testing.TB) *Certificates {
	t.Helper()
	dir := t.TempDir()
	c := &Certificates{
		CA: filepath.Join(dir, "ca.pem"), Cert: filepath.Join(dir, "cert.pem"), Key: filepath.Join(dir, "key.pem"),
	}
	issuer := newIssuer(t)
	writePEM(t, c.CA, "CERTIFICATE", issuer.cert.Raw)

	key := newKey(t)
	writePEM(t, c.Cert, "CERTIFICATE", issuer.issue(t, &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "localhost"},
		NotBefore: issuer.cert.NotBefore, NotAfter: issuer.cert.NotAfter, KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		DNSNames:    []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}, key))
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	writePEM(t, c.Key, "PRIVATE KEY", private)
	return c
}

// issuer signs certificates.
type issuer struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// newIssuer returns an authority that has signed itself.
func newIssuer(t testing.TB) *issuer {
	i := &issuer{key: newKey(t), cert: &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "the authority of a test"},
		NotBefore: time.Now().Add(-time.Minute), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}}
	signed, err := x509.ParseCertificate(i.issue(t, i.cert, i.key))
	if err != nil {
		t.Fatal(err)
	}
	i.cert = signed
	return i
}

// issue returns a signed certificate of the key, in DER.
func (i *issuer) issue(t testing.TB, cert *x509.Certificate, key *ecdsa.PrivateKey) []byte {
	signed, err := x509.CreateCertificate(rand.Reader, cert, i.cert, &key.PublicKey, i.key)
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

// TLS starts a redis-server as [Start] does that also listens with TLS, at the address that it returns,
// and asks clients for a certificate of the authority. Its port without TLS stays open, for what the
// test itself has to ask.
func (c *Certificates) TLS(t testing.TB, args ...string) (s *Server, addr string) {
	t.Helper()
	port := freePort(t)
	s = Start(t, append([]string{
		"--tls-port", port, "--tls-ca-cert-file", c.CA,
		"--tls-cert-file", c.Cert, "--tls-key-file", c.Key, "--tls-auth-clients", "yes",
	}, args...)...)
	return s, net.JoinHostPort("localhost", port)
}

func newKey(t testing.TB) *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func writePEM(t testing.TB, file, kind string, bytes []byte) {
	text := pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: bytes})
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
}
