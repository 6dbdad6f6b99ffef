package main

import (
	"cmp"
	"flag"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/worker/metrics"
)

var update = flag.Bool("update", false, "write the generated tables of deploy/REFERENCE.md anew")

// The tables of the reference that the code determines are those of the code. After a change
// of a command, a setting, a metric or a key run this test with -update.
func TestReferenceHasTheTablesOfTheCode(t *testing.T) {
	t.Parallel()
	const path = "../../deploy/REFERENCE.md"
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	want := string(text)
	for name, table := range map[string]string{
		"commands": commandTable(), "settings": settingTable(), "metrics": metricTable(), "keys": keyTable(),
	} {
		block := regexp.MustCompile(`(?s)<!-- generated: ` + name + ` -->\n.*?<!-- end -->`)
		if !block.MatchString(want) {
			t.Errorf("%s has no place for the table of %s", path, name)
		}
		want = block.ReplaceAllLiteralString(want, "<!-- generated: "+name+" -->\n"+table+"<!-- end -->")
	}
	if want == string(text) {
		return
	}
	if !*update {
		t.Fatalf("%s differs from the code: run 'go test ./cmd/revoker -run TestReference -update'", path)
	}
	if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
		t.Fatal(err)
	}
}

// commands calls each for every command, in the order of their names.
func commands(each func(*cobra.Command)) {
	p := program{stdout: io.Discard, stderr: io.Discard, getenv: func(string) string { return "" }}
	var walk func(*cobra.Command)
	walk = func(cmd *cobra.Command) {
		if cmd.Runnable() && !cmd.Hidden {
			each(cmd)
		}
		for _, sub := range cmd.Commands() {
			walk(sub)
		}
	}
	walk(p.root())
}

// row returns a row of a table.
func row(cells ...string) string {
	for i, cell := range cells {
		cells[i] = strings.ReplaceAll(cell, "|", `\|`)
	}
	return "| " + strings.Join(cells, " | ") + " |\n"
}

func quoted(text string) string { return "`" + text + "`" }

func commandTable() string {
	table := row("command", "what it does") + "|---|---|\n"
	commands(func(cmd *cobra.Command) {
		table += row(quoted(strings.TrimSuffix(cmd.UseLine(), " [flags]")), cmd.Short)
	})
	return table
}

// setting is a flag that an environment variable sets as well.
type setting struct {
	flag, variable, fallback, usage string
	of                              []string // the commands that have it
}

// settings returns those of all commands, by flag. A flag that means different things to
// different commands is there once for each of them.
func settings() (found []*setting) {
	commands(func(cmd *cobra.Command) {
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			variables := f.Annotations["environment"]
			if len(variables) == 0 || f.Hidden || ofAnotherGateway(f.Name) {
				return
			}
			name, usage := pflag.UnquoteUsage(f)
			usage, _, _ = strings.Cut(usage, " [")
			s := &setting{flag: strings.TrimSpace("--" + f.Name + " " + name), variable: variables[0], fallback: f.DefValue, usage: usage}
			at := slices.IndexFunc(found, func(other *setting) bool {
				return other.flag == s.flag && other.usage == s.usage && other.fallback == s.fallback
			})
			if at < 0 {
				at, found = len(found), append(found, s)
			}
			found[at].of = append(found[at].of, strings.TrimPrefix(cmd.CommandPath(), "revoker "))
		})
	})
	slices.SortStableFunc(found, func(a, b *setting) int { return cmp.Compare(a.flag, b.flag) })
	return found
}

// ofAnotherGateway tells that a flag is the limit of a gateway whose row the one of KCP stands for.
func ofAnotherGateway(flag string) bool {
	pg, limit := strings.CutPrefix(flag, "rate-")
	return limit && pg != string(tasks.KCP)
}

func settingTable() string {
	table := row("flag", "environment", "default", "of", "what it is") + "|---|---|---|---|---|\n"
	for _, s := range settings() {
		of := strings.Join(s.of, ", ")
		if len(s.of) > 4 {
			of = fmt.Sprintf("%d commands", len(s.of))
		}
		if strings.HasPrefix(s.flag, "--rate-") {
			s.usage += "; every gateway has one, named by its code"
		}
		table += row(quoted(s.flag), quoted(s.variable), s.fallback, of, s.usage)
	}
	return table
}

// metricFormat is how client_golang prints a description.
var (
	metricFormat = regexp.MustCompile(`fqName: "([^"]+)", help: "([^"]*)".* constLabels: \{(.*)\}, variableLabels: \{(.*)\}\}`)
	constLabel   = regexp.MustCompile(`(\w+)="[^"]*"`)
)

func metricTable() string {
	descs := make(chan *prometheus.Desc)
	go func() {
		defer close(descs)
		metrics.New().Describe(descs)
	}()
	var rows []string
	for desc := range descs {
		part := metricFormat.FindStringSubmatch(desc.String())
		labels := strings.FieldsFunc(constLabel.ReplaceAllString(part[3], "$1")+","+part[4], func(r rune) bool { return r == ',' })
		for i, label := range labels {
			labels[i] = quoted(label)
		}
		rows = append(rows, row(quoted(part[1]), strings.Join(labels, " "), part[2]))
	}
	slices.Sort(rows)
	return row("metric", "labels", "what it is") + "|---|---|---|\n" + strings.Join(rows, "")
}

func keyTable() string {
	table := row("key", "type", "what it is", "written by") + "|---|---|---|---|\n"
	for _, key := range outcome.Keys() {
		table += row(quoted("{receipt}:"+key.Name), key.Type, key.What, key.By)
	}
	return table
}
