package outcome

import (
	"context"
	"embed"

	"github.com/redis/go-redis/v9"
)

//go:embed *.lua
var sources embed.FS

// source returns the text of a file.
func source(name string) string {
	text, _ := sources.ReadFile(name)
	return string(text)
}

// script returns the script of a file, behind what all of them share.
func script(name string) *redis.Script { return redis.NewScript(source("scripts.lua") + source(name)) }

// run runs a script on the store's keys, of which it is told one and makes the others.
func (s *Store) run(ctx context.Context, script *redis.Script, key string, args ...any) *redis.Cmd {
	args = append([]any{s.config.TTL.Milliseconds()}, args...)
	return script.Run(ctx, s.client, []string{key}, args...)
}
