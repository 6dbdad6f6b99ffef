package outcome

import (
	"embed"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
)

//go:embed *.lua
var sources embed.FS

// source returns the text of a file.
func source(name string) string {
	text, _ := sources.ReadFile(name)
	return string(text)
}

// script returns the script of files, behind what all scripts share.
func script(names ...string) *redis.Script {
	text := source("scripts.lua")
	for _, name := range names {
		text += source(name)
	}
	return redis.NewScript(text)
}

// countingScript returns the script of files that counts in batches, behind what such scripts share.
func countingScript(names ...string) *redis.Script {
	return script(append([]string{"scripts_count.lua"}, names...)...)
}

// pairs are names and values in turn, as a script returns a hash.
type pairs []any

// get returns the value of a name, empty if there is none. There are few: to look through
// them costs less than a map.
func (p pairs) get(name string) string {
	for i := 0; i+1 < len(p); i += 2 {
		if p[i] == name {
			value, _ := p[i+1].(string)
			return value
		}
	}
	return ""
}

// flag is a truth as the scripts read it.
func flag(set bool) string {
	if set {
		return "1"
	}
	return ""
}

// millis returns a time as the scripts keep it, empty for none.
func millis(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return strconv.FormatInt(t.UnixMilli(), 10)
}

// timeOf reads a number that unit makes a time of; zero if it is none.
func timeOf(text string, unit func(int64) time.Time) time.Time {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n <= 0 {
		return time.Time{}
	}
	return unit(n).UTC()
}
