package main

import (
	"cmp"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// outputFile is what a command writes an export or a report to. A regular file is replaced only when
// the new one is complete, so that half a report on a full disk never has the name of a whole one.
// Until then the content is in a part file beside it, revoker-*.part. All else, such as standard
// output, a pipe or a device, is written to as it is: done by root, a rename onto /dev/null would put a
// regular file in the place of the device.
//
// The caller ends it with complete, and defers abandon for every other way out.
type outputFile struct {
	io.Writer
	name    string   // as the user gave it
	file    *os.File // to be closed; nil for standard output, and once it is complete
	replace string   // the regular file that the part file becomes; "" if there is none
}

// createOutput begins an output: "-" is standard output. A link is followed, so that the file to
// which it leads is replaced and the link stays. A file that exists keeps its permissions; a new one
// can be read by its owner alone, since it lists customers' payments.
//
// The error says why the file cannot be written; the caller puts before it what was to be written.
func (p *program) createOutput(name string) (*outputFile, error) {
	switch name {
	case "":
		return nil, errors.New("its name is empty")
	case "-":
		return &outputFile{Writer: p.stdout, name: name}, nil
	}
	// Stat follows links, so that a link to a device or a pipe is seen as what it leads to.
	is, err := os.Stat(name)
	switch {
	case err == nil && p.opened(is) != nil:
		return &outputFile{Writer: p.opened(is), name: name}, nil
	case err == nil && !is.Mode().IsRegular():
		return openOutput(name)
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return nil, err
	}
	replace, err := followLinks(name)
	if err != nil {
		return nil, err
	}
	// The part file is in the folder of the final one: rename(2) cannot move a file to another file
	// system. "." is for a name without a folder, as CreateTemp takes "" for the folder of temporary
	// files.
	folder, _ := filepath.Split(replace)
	file, err := os.CreateTemp(cmp.Or(folder, "."), "revoker-*.part") // O_EXCL, and mode 0600
	if err != nil {
		return nil, err
	}
	output := &outputFile{Writer: file, name: name, file: file, replace: replace}
	if is != nil {
		if err := file.Chmod(is.Mode().Perm()); err != nil {
			output.abandon()
			return nil, err
		}
	}
	return output, nil
}

// openOutput opens a file that is no regular one, without O_CREATE and O_TRUNC: it exists, and has no
// length. Opening a named pipe waits until another process reads it. A folder is an error here.
func openOutput(name string) (*outputFile, error) {
	file, err := os.OpenFile(name, os.O_WRONLY, 0)
	if err != nil {
		return nil, err
	}
	return &outputFile{Writer: file, name: name, file: file}, nil
}

// opened returns the program's own output that is the same file, nil if none is. In
// "revoker dead export /dev/stdout >> log" the name leads to the regular file log. Opened anew it
// would be replaced, with all that the log had before; written through standard output, the text is
// appended as the shell was told.
func (p *program) opened(is fs.FileInfo) io.Writer {
	for _, own := range []io.Writer{p.stdout, p.stderr} {
		if file, ok := own.(*os.File); ok {
			if owns, err := file.Stat(); err == nil && os.SameFile(is, owns) {
				return own
			}
		}
	}
	return nil
}

// maxLinks is how many links are followed before they are taken for a circle: as many as Linux
// follows (path_resolution(7)).
const maxLinks = 40

// followLinks returns the name that a link leads to, and a name that is no link as it is. The file
// need not exist, so filepath.EvalSymlinks does not serve, which fails then. The error is ELOOP for
// a circle of links.
func followLinks(name string) (string, error) {
	for range maxLinks {
		to, err := os.Readlink(name)
		if err != nil {
			return name, nil // it is no link, or does not exist
		}
		if !filepath.IsAbs(to) {
			// Not filepath.Join, which takes "linked/.." away: where linked is a link to deep/er, the
			// system takes it for deep.
			folder, _ := filepath.Split(name)
			to = folder + to
		}
		name = to
	}
	return "", &fs.PathError{Op: "follow", Path: name, Err: syscall.ELOOP}
}

// complete closes the file and gives it its final name. On an error the file that was there before
// stays; abandon then removes the part file. Called for standard output it does nothing.
func (o *outputFile) complete() error {
	if o.file == nil {
		return nil
	}
	// The content reaches the disk before the name does. Otherwise a machine that loses its power
	// could keep the new name with an empty file.
	if o.replace != "" {
		if err := o.file.Sync(); err != nil {
			return err
		}
	}
	// Some file systems, such as NFS, report a full disk only when the file is closed (close(2)).
	if err := o.file.Close(); err != nil {
		return err
	}
	if o.replace != "" {
		if err := os.Rename(o.file.Name(), o.replace); err != nil {
			return err
		}
	}
	o.file = nil
	return nil
}

// abandon ends an output that was not completed, and removes its part file. After complete it does
// nothing.
func (o *outputFile) abandon() {
	if o.file == nil {
		return
	}
	o.file.Close()
	if o.replace != "" {
		_ = os.Remove(o.file.Name())
	}
}
