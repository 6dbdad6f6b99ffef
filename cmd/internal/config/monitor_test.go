package config_test

import (
	"strings"
	"testing"

	"receiptrevoker/cmd/internal/config"
)

func noEnv(string) string { return "" }

func TestPublicURLIsAnOrigin(t *testing.T) {
	t.Parallel()
	hash := func(name string) string {
		if name == "REVOKER_MONITOR_PASSWORD_HASH" {
			return "$2a$10$F9XqM3yYC2i4WZhvV/Ni/OjS07KII9K5e4bHgq97lpo6zzKy02Sx." // of nothing known
		}
		return ""
	}
	for raw, want := range map[string]string{
		"https://revoker.example.com": "https://revoker.example.com", "https://Revoker.Example.com:443/": "https://revoker.example.com",
		"https://revoker.example.com:8443": "https://revoker.example.com:8443", "http://10.0.0.7:80": "http://10.0.0.7",
		"http://[::1]:8980":   "http://[::1]:8980",
		"revoker.example.com": "", "https://": "", "https://a.example/site": "", "https://a.example?x": "",
		"https://user:secret@a.example": "", "ftp://a.example": "", "https://a.example:port": "", "//a.example": "",
	} {
		access, err := (&config.Monitor{PublicURL: raw}).Access(hash)
		switch {
		case want == "" && (err == nil || !strings.Contains(err.Error(), "--public-url") || strings.Contains(err.Error(), "secret")):
			t.Errorf("%s: %v", raw, err)
		case want != "" && (err != nil || access.PublicURL.String() != want):
			t.Errorf("%s: %v, %v, want %s", raw, access.PublicURL, err, want)
		}
	}
}

func TestTrustedProxiesAreNeverEverybody(t *testing.T) {
	t.Parallel()
	for list, want := range map[string]int{
		"": 0, "127.0.0.1": 1, "127.0.0.1, ::1,10.0.0.0/8 ": 3, "fd00::/8": 1, "::ffff:10.0.0.1": 1,
		"0.0.0.0/0": -1, "::/0": -1, "proxy.example.com": -1, "10.0.0.0/33": -1, "10.0.0.1:80": -1, "10.0.0.0/8;::1": -1, "*": -1,
	} {
		access, err := (&config.Monitor{Proxies: list}).Access(noEnv)
		if (want < 0) != (err != nil) || want >= 0 && len(access.Proxies) != want {
			t.Errorf("%q: %v, %v", list, access.Proxies, err)
		}
	}
}

// Without users each start has a token of its own.
func TestTokenIsNewAtEveryStart(t *testing.T) {
	t.Parallel()
	first, err := (&config.Monitor{}).Access(noEnv)
	second, again := (&config.Monitor{}).Access(noEnv)
	if err != nil || again != nil || first.Token == second.Token || len(first.Token) < 26 {
		t.Errorf("%q and %q, %v, %v", first.Token, second.Token, err, again)
	}
}
