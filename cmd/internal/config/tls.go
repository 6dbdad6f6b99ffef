package config

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/pflag"
)

// certificates are the files by which Redis and this program know each other
// where the connection is encrypted.
type certificates struct {
	CA   string // whom to trust, instead of the system's authorities
	Cert string // what to show, if Redis asks for a certificate
	Key  string // of Cert
}

func (c *certificates) flags(f *pflag.FlagSet) {
	f.StringVar(&c.CA, "redis-ca", "",
		"PEM `file` of the authorities that Redis' certificate is from (default the system's)")
	env(f, "redis-ca", "REDIS_CA_FILE")
	f.StringVar(&c.Cert, "redis-cert", "", "PEM `file` of the certificate to show Redis, if it asks for one")
	env(f, "redis-cert", "REDIS_CERT_FILE")
	f.StringVar(&c.Key, "redis-key", "", "PEM `file` of that certificate's key")
	env(f, "redis-key", "REDIS_KEY_FILE")
}

// errPlain is why certificates are of no use.
var errPlain = errors.New("--redis-ca, --redis-cert and --redis-key are for encrypted connections: " +
	"begin the Redis URL with rediss://, rediss-sentinel:// or rediss-cluster://")

// check returns what is wrong with the files, whatever the connection.
func (c *certificates) check() error { return c.apply(&tls.Config{}) }

// apply reads the files into the settings of a connection, which are nil where
// it is not encrypted.
func (c *certificates) apply(to *tls.Config) error {
	switch {
	case *c == certificates{}:
		return nil
	case to == nil:
		return errPlain
	case (c.Cert == "") != (c.Key == ""):
		return errors.New("--redis-cert and --redis-key belong together: give both or neither")
	}
	if c.CA != "" {
		text, err := os.ReadFile(c.CA)
		if err != nil {
			return fmt.Errorf("--redis-ca: %w", err)
		}
		to.RootCAs = x509.NewCertPool()
		if !to.RootCAs.AppendCertsFromPEM(text) {
			return fmt.Errorf("--redis-ca: %s holds no certificate in PEM form", c.CA)
		}
	}
	if c.Cert != "" {
		pair, err := tls.LoadX509KeyPair(c.Cert, c.Key)
		if err != nil {
			return fmt.Errorf("--redis-cert %s, --redis-key %s: %w", c.Cert, c.Key, err)
		}
		to.Certificates = []tls.Certificate{pair}
	}
	return nil
}
