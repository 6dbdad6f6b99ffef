package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"receiptrevoker/tasks/deadletter"
	"receiptrevoker/tasks/outcome"
)

// deadExportSettings say which letters are written, and in which format.
type deadExportSettings struct {
	deadSettings
	format string // csv, json, or empty for what the file's ending says, else csv
	bom    bool   // begin a CSV with a byte-order mark, by which Excel knows that it is UTF-8
}

// deadExport returns the command that writes letters to a file, with the fields of --json and of
// reports. It changes nothing in Redis.
func (p *program) deadExport() *cobra.Command {
	var s deadExportSettings
	cmd := &cobra.Command{
		Use:   "export FILE|- [IMP_UID...]",
		Short: "Write dead letters to a file, with all that is known about each",
		Long: `Export writes dead letters with every field of their outcomes, oldest first, to
a file, or to standard output for "-": as CSV, or as JSON, one object a line.
A regular file is replaced once the new one is complete, and keeps its
permissions; a new one is for its owner alone. Pipes and devices are written to.

What a spreadsheet would run as a formula in a CSV, whatever it takes for the
separator, gets an apostrophe before it. A letter whose outcome cannot be read
is reported and left out, and the exit code is then 3.

` + filterHelp,
		Example: `  revoker dead export letters.csv --bom
  revoker dead export - --format json --since 2026-11-01 --until 2026-12-01`,
		Args: arguments(1, -1, "the FILE, or - for standard output,"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.runDeadExport(cmd.Context(), s, args[0], args[1:])
		},
	}
	p.deadFlags(&s.deadSettings, cmd.Flags())
	f := cmd.Flags()
	f.StringVar(&s.format, "format", "",
		"`format`, csv or json (default by the FILE's ending: json for .json, .jsonl and .ndjson)")
	f.BoolVar(&s.bom, "bom", false, "begin a CSV with a byte-order mark, for Excel")
	return cmd
}

// json reports whether JSON is to be written, or returns a usageError. --format wins over the file's
// ending: letters.json is a CSV with --format csv.
func (s *deadExportSettings) json(name string) (bool, error) {
	format := s.format
	switch strings.ToLower(filepath.Ext(name)) {
	case ".json", ".jsonl", ".ndjson":
		format = cmp.Or(format, "json")
	}
	switch {
	case format != "" && format != "csv" && format != "json":
		return false, usageError{fmt.Errorf("--format %q must be csv or json", format)}
	case format == "json" && s.bom:
		return false, usageError{errors.New("--bom is for CSV: JSON has no byte-order mark")}
	}
	return format == "json", nil
}

// runDeadExport writes the letters to a part file, and gives it its name once it is complete. Whatever
// ends it early, Ctrl-C too, leaves an older export as it was; what went to standard output or a pipe
// by then stays written.
func (p *program) runDeadExport(ctx context.Context, s deadExportSettings, name string, impUIDs []string) error {
	asJSON, err := s.json(name)
	if err != nil {
		return err
	}
	walk, err := p.openDead(ctx, &s.deadSettings, impUIDs, deadletter.Config{})
	if err != nil {
		return err
	}
	letters := &letterWriter{json: asJSON, bom: s.bom}
	file, err := p.createOutput(name)
	if err != nil {
		return fmt.Errorf("the export cannot be written: %w", err)
	}
	defer file.abandon()
	if err := letters.write(ctx, file, walk); err != nil {
		return err
	}
	// A misspelled --batch matches no letter: an export of a header alone would not show the mistake.
	if err := walk.noBatch(); err != nil {
		return err
	}
	if err := file.complete(); err != nil {
		return fmt.Errorf("the export cannot be written: %w", err)
	}
	if name == "-" {
		return walk.end("exported")
	}
	return walk.end("exported to " + name)
}

// letterWriter writes dead letters: JSON, one object a line, or CSV with a header, and a byte-order
// mark before it if bom is set.
type letterWriter struct{ json, bom bool }

// write writes the letters that walk meets, and counts them in it. Those that cannot be read walk
// reports and leaves out.
func (l *letterWriter) write(ctx context.Context, out io.Writer, walk *deadWalk) error {
	buffer := bufio.NewWriter(out)
	do, table := printer{screen{out: buffer}, true}.outcome, sheet{buffer}
	if !l.json {
		if l.bom {
			_, _ = buffer.WriteString(byteOrderMark) // a failure stays, and is found by Flush
		}
		_ = table.write(outcome.Fields())
		do = func(o outcome.Outcome) error { return table.write(values(o)) }
	}
	if err := walk.each(ctx, walk.counted(do)); err != nil {
		return fmt.Errorf("export: %w", err)
	}
	if err := buffer.Flush(); err != nil {
		return fmt.Errorf("the export cannot be written: %w", err)
	}
	return nil
}
