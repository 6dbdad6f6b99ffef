package config

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/pflag"
)

// certificates are the files by which Redis and this program know each other where the
// connection is encrypted. All are PEM. They are read when a client is opened: a
// certificate that is renewed needs a restart.
type certificates struct {
	// CA names whom to trust, instead of the system's authorities: a Redis of one's own
	// mostly has a certificate of an authority of one's own.
	CA string
	// Cert is what to show if Redis asks for a certificate, as it does unless its setting
	// tls-auth-clients says otherwise.
	Cert string
	// Key is the private key of Cert.
	Key string
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

// errPlain refuses certificates where the URL's scheme asks for no encryption. To ignore
// them would send the password unencrypted while the user believes that it is encrypted.
var errPlain = errors.New("--redis-ca, --redis-cert and --redis-key are for encrypted connections: " +
	"begin the Redis URL with rediss://, rediss-sentinel:// or rediss-cluster://")

// check returns what is wrong with the files, whatever the connection. It comes before the
// URL is parsed, so that a file that is missing is named even beside another mistake.
func (c *certificates) check() error { return c.apply(&tls.Config{}) }

// apply reads the files into the settings of a connection, which are nil where it is not
// encrypted. go-redis has put the server's name into them, by which the certificate is
// checked.
func (c *certificates) apply(to *tls.Config) error {
	switch {
	case *c == certificates{}:
		return nil
	case to == nil:
		return errPlain
	// A certificate without its key cannot be shown, and a key alone shows nothing.
	case (c.Cert == "") != (c.Key == ""):
		return errors.New("--redis-cert and --redis-key belong together: give both or neither")
	}
	if c.CA != "" {
		text, err := os.ReadFile(c.CA)
		if err != nil {
			return fmt.Errorf("--redis-ca: %w", err)
		}
		to.RootCAs = x509.NewCertPool()
		// AppendCertsFromPEM skips what it cannot read, and says only whether it found any.
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
