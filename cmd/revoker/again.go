package main

import (
	"regexp"
	"strings"

	"github.com/spf13/pflag"

	"receiptrevoker/cmd/internal/config"
)

// unquoted is what a shell takes as it stands.
var unquoted = regexp.MustCompile(`^[\w.,:/@%+=-]+$`)

// givenRedisFlags returns the flags that find Redis and were given on the command line, each
// after a blank: without them a command would look elsewhere. What the environment says, it
// says again.
func givenRedisFlags(flags *pflag.FlagSet) string {
	var given strings.Builder
	flags.Visit(func(flag *pflag.Flag) {
		if !config.FindsRedis(flag) || flag.Name == "outcome-ttl" {
			return
		}
		value := flag.Value.String()
		if !unquoted.MatchString(value) {
			value = "'" + strings.ReplaceAll(value, "'", `'\''`) + "'"
		}
		given.WriteString(" --" + flag.Name + " " + value)
	})
	return given.String()
}
