package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/spf13/pflag"

	"receiptrevoker/bench/redistest"
)

func TestCertificatesReachEveryKindOfConnection(t *testing.T) {
	t.Parallel()
	made := redistest.NewCertificates(t)
	files := certificates{CA: made.CA, Cert: made.Cert, Key: made.Key}
	for _, url := range []string{"rediss://h", "rediss-sentinel://h?master=m", "rediss-cluster://h"} {
		client, err := (&Redis{URL: url, Namespace: "n", TTL: time.Hour, certificates: files}).Open()
		if err != nil {
			t.Errorf("%s: %v", url, err)
			continue
		}
		var own int
		var trusted bool
		switch client := client.(type) {
		case *redis.Client:
			own, trusted = len(client.Options().TLSConfig.Certificates), client.Options().TLSConfig.RootCAs != nil
		case *redis.ClusterClient:
			own, trusted = len(client.Options().TLSConfig.Certificates), client.Options().TLSConfig.RootCAs != nil
		}
		if own != 1 || !trusted {
			t.Errorf("%s: shows %d certificates, trusts the given authority: %t", url, own, trusted)
		}
		client.Close()
	}
}

func TestBadCertificatesAreNamed(t *testing.T) {
	t.Parallel()
	made := redistest.NewCertificates(t)
	noPEM := filepath.Join(t.TempDir(), "no.pem")
	if err := os.WriteFile(noPEM, []byte("hello"), 0o600); err != nil {
		t.Fatal(err)
	}
	for want, r := range map[string]Redis{
		"are for encrypted connections": {URL: "redis://h", certificates: certificates{CA: made.CA}},
		"--redis-ca: open /nowhere":     {URL: "rediss://h", certificates: certificates{CA: "/nowhere"}},
		"holds no certificate":          {URL: "rediss://h", certificates: certificates{CA: noPEM}},
		"give both or neither":          {URL: "rediss://h", certificates: certificates{Cert: made.Cert}},
		"private key does not match":    {URL: "rediss://h", certificates: certificates{Cert: made.CA, Key: made.Key}},
	} {
		r.Namespace, r.TTL = "n", time.Hour
		client, err := r.Open()
		if client != nil || err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func TestRedisURLComesFromAFile(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "url")
	if err := os.WriteFile(file, []byte("redis://:secret@h:1/2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		environment map[string]string
		want, err   string
	}{
		"file":         {map[string]string{"REDIS_URL_FILE": file}, "redis://:secret@h:1/2", ""},
		"both":         {map[string]string{"REDIS_URL_FILE": file, "REDIS_URL": "redis://h"}, "", "both REDIS_URL and REDIS_URL_FILE are set"},
		"missing file": {map[string]string{"REDIS_URL_FILE": "/nowhere"}, "", "REDIS_URL_FILE: open /nowhere"},
		"none is read": {map[string]string{"REVOKER_NAMESPACE_FILE": "/nowhere"}, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var r Redis
			flags := pflag.NewFlagSet("", pflag.ContinueOnError)
			r.Flags(flags)
			err := FromEnvironment(flags, func(name string) string { return test.environment[name] })
			if r.URL != test.want || (err == nil) != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) {
				t.Errorf("got %q, %v", r.URL, err)
			}
		})
	}
}
