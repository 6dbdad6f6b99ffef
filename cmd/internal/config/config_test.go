package config

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"
	"github.com/spf13/pflag"
)

func TestEveryFormOfRedisURLOpens(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		url  string
		want []string
		user string
	}{
		"IPv6":                {"redis://[2001:db8::9999]:6380/3", []string{"[2001:db8::9999]:6380"}, ":"},
		"standalone":          {"redis://user:p%40ss@host:6380/3", []string{"host:6380"}, "user:p@ss"},
		"TLS":                 {"rediss://host:6380", []string{"host:6380"}, ":"},
		"socket":              {"redis-socket:///run/redis.sock?db=2", []string{"/run/redis.sock"}, ":"},
		"cluster":             {"redis-cluster://user:pw@a:1,b:2,c:3", []string{"a:1", "b:2", "c:3"}, "user:pw"},
		"cluster with TLS":    {"rediss-cluster://a:1?addr=b:2", []string{"a:1", "b:2"}, ":"},
		"line's end":          {"redis://:pw@host:6380/3\n", []string{"host:6380"}, ":pw"},
		"cluster of one node": {"redis-cluster://a:1/", []string{"a:1"}, ":"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, err := (&Redis{URL: test.url, Namespace: "n", TTL: 1}).Open()
			if err != nil {
				t.Fatal(err)
			}
			defer client.Close()
			var got []string
			var user string
			switch client := client.(type) {
			case *redis.Client:
				o := client.Options()
				got, user = []string{o.Addr}, o.Username+":"+o.Password
				if strings.HasPrefix(test.url, "rediss") != (o.TLSConfig != nil) {
					t.Error("TLS is on where it should be off, or the reverse")
				}
			case *redis.ClusterClient:
				o := client.Options()
				got, user = o.Addrs, o.Username+":"+o.Password
				if strings.HasPrefix(test.url, "rediss") != (o.TLSConfig != nil) {
					t.Error("TLS is on where it should be off, or the reverse")
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" || user != test.user {
				t.Errorf("user %q, addresses (-want +got):\n%s", user, diff)
			}
		})
	}
}

func TestSentinelURLOpens(t *testing.T) {
	t.Parallel()
	client, err := (&Redis{}).open("redis-sentinel://user:pw@a:1,b:2/3?master=mymaster")
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if o := client.(*redis.Client).Options(); o.Username != "user" || o.Password != "pw" || o.DB != 3 || o.Addr != "FailoverClient" {
		t.Errorf("got user %q, database %d, address %q", o.Username, o.DB, o.Addr)
	}
	if got, want := addresses("redis://u:p@a:1,b:2/3?x=1"), "redis://u:p@a:1/3?x=1&addr=b%3A2"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestBadRedisSettingsAreNamedWithoutThePassword(t *testing.T) {
	t.Parallel()
	for want, r := range map[string]Redis{
		"no Redis is given: set REDIS_URL":      {Namespace: "n", TTL: 1},
		"must be a word without blanks":         {URL: "redis://h", Namespace: "{n}", TTL: 1},
		"--outcome-ttl 0s must be above 0":      {URL: "redis://h", Namespace: "n"},
		"it must begin with redis://, ":         {URL: "s3cret", Namespace: "n", TTL: 1},
		"the master's name is missing":          {URL: "redis-sentinel://:s3cret@h", Namespace: "n", TTL: 1},
		"a password's special characters":       {URL: "redis://:s3cret%@h", Namespace: "n", TTL: 1},
		"it has a blank or a line break in it":  {URL: "redis://:s3cret\n@h", Namespace: "n", TTL: 1},
		"an @ after the host":                   {URL: "redis://:1/s3cret@host:6379/0", Namespace: "n", TTL: 1},
		"there is no database -1":               {URL: "redis://h/-1", Namespace: "n", TTL: 1},
		"its port 79010 must be between":        {URL: "redis://:s3cret@h:79010/0", Namespace: "n", TTL: 1},
		"its port 70000 must be between":        {URL: "redis-cluster://a:1,b:70000", Namespace: "n", TTL: 1},
		"its port 0 must be between":            {URL: "redis-sentinel://[::1]:0/0?master=m", Namespace: "n", TTL: 1},
		"there is no database -2":               {URL: "redis-socket:///h?db=-2", Namespace: "n", TTL: 1},
		"there is no database -3":               {URL: "redis-sentinel://h/-3?master=m", Namespace: "n", TTL: 1},
		"3000000000 connections are too many":   {URL: "redis://h/0?pool_size=3000000000", Namespace: "n", TTL: 1},
		"the Redis URL (REDIS_URL or --redis):": {URL: "redis://:s3cret@h/notanumber", Namespace: "n", TTL: 1},
	} {
		client, err := r.Open()
		if client != nil || err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func TestSecretsComeFromTheEnvironmentOrAFile(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "secret")
	empty := filepath.Join(t.TempDir(), "empty")
	for name, text := range map[string]string{file: "\ufefffrom-file\r\n", empty: "\n"} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	tests := map[string]struct {
		value, file, want, err string
	}{
		"neither":      {},
		"environment":  {value: "v", want: "v"},
		"blanks":       {value: " v\r\n", want: "v"},
		"file":         {file: file, want: "from-file"},
		"both":         {value: "v", file: file, err: "both X and X_FILE are set"},
		"missing file": {file: file + "x", err: "X_FILE: open "},
		"empty file":   {file: empty, err: "is empty"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			environment := map[string]string{"X": test.value, "X_FILE": test.file}
			got, err := secretOrFile(func(name string) string { return environment[name] }, "X")
			if got != test.want || (err == nil) != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) {
				t.Errorf("got %q, %v; want %q, %s", got, err, test.want, test.err)
			}
		})
	}
}

func TestFlagOutranksItsVariable(t *testing.T) {
	t.Parallel()
	environment := map[string]string{"REVOKER_CONCURRENCY": "7\n", "REVOKER_POLL": "1s"}
	var w Worker
	flags := pflag.NewFlagSet("", pflag.ContinueOnError)
	w.Flags(flags)
	if err := flags.Parse([]string{"--poll", "20ms"}); err != nil {
		t.Fatal(err)
	}
	if err := FromEnvironment(flags, func(name string) string { return environment[name] }); err != nil {
		t.Fatal(err)
	}
	if w.Concurrency != 7 || w.Poll.String() != "20ms" || w.Validate() != nil {
		t.Errorf("got %+v, %v", w, w.Validate())
	}
}

func TestLogIsJSONWhereThereIsNoTerminal(t *testing.T) {
	t.Parallel()
	for format, want := range map[string]string{"": `"msg":"hello"`, "json": `"msg":"hello"`, "text": "msg=hello"} {
		var b bytes.Buffer
		log, _, err := (&Log{Format: format, Level: "warn"}).Logger(&b)
		if err != nil {
			t.Fatal(err)
		}
		log.Info("quiet")
		log.Warn("hello", slog.Int("n", 1))
		if !strings.Contains(b.String(), want) || strings.Contains(b.String(), "quiet") {
			t.Errorf("format %q: %s", format, &b)
		}
	}
}

func TestDoubtsAboutCredentialsDoNotShowThem(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		key, secret string
		want        []string
	}{
		"nothing":   {"0123456789012345", strings.Repeat("s", 80), nil},
		"not set":   {"", "", nil},
		"quoted":    {`"0123456789012345"`, strings.Repeat("s", 80), []string{"IMP_KEY has quotation marks around it"}},
		"the same":  {"0123456789012345", "0123456789012345", []string{"IMP_KEY and IMP_SECRET are the same"}},
		"exchanged": {strings.Repeat("s", 80), "0123456789012345", []string{"IMP_KEY is longer than IMP_SECRET: they may be the wrong way round"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			environment := map[string]string{"IMP_KEY": test.key, "IMP_SECRET": test.secret}
			got := (&IAMPort{}).Doubts(func(name string) string { return environment[name] })
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
