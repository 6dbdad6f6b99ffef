package main

import "os"

// partFile is a file that takes its name only when it is complete, so that no
// half of one is ever taken for a whole. Until then it ends in .part.
type partFile struct {
	name string
	file *os.File // nil once it is complete
}

// createPart begins a file.
func createPart(name string) (*partFile, error) {
	file, err := os.Create(name + ".part")
	if err != nil {
		return nil, err
	}
	return &partFile{name: name, file: file}, nil
}

// complete gives the file its name.
func (p *partFile) complete() error {
	if err := p.file.Close(); err != nil {
		return err
	}
	if err := os.Rename(p.file.Name(), p.name); err != nil {
		return err
	}
	p.file = nil
	return nil
}

// abandon removes a file that was not completed.
func (p *partFile) abandon() {
	if p.file != nil {
		p.file.Close()
		_ = os.Remove(p.file.Name())
	}
}
