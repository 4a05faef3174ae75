package internal_test

import (
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	"go/types"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"visavis/internal/db/scope"
)

// text is one that stands in a package: a constant, or what is put together of constants and, where a Hole is, of what is
// known only when it runs.
type text struct{ room, at, text string }

// written are all texts of a module's packages, without tests and what is for tests. A constant counts where it is used,
// here or in another package, put together with what stands around it.
func written(t *testing.T, root string) []text {
	t.Helper()
	s := &sources{set: token.NewFileSet(), root: root, rooms: map[string]*room{}}
	for _, top := range []string{"cmd", "bench", "internal"} {
		err := filepath.WalkDir(filepath.Join(root, top), func(folder string, entry fs.DirEntry, err error) error {
			switch {
			case err != nil && folder == filepath.Join(root, top):
				return nil // a module without it
			case err != nil:
				return err
			case !entry.IsDir():
				return nil
			case entry.Name() == "testdata" || entry.Name() == "node_modules":
				return fs.SkipDir
			}
			name, err := filepath.Rel(root, folder)
			if err == nil && !slices.Contains(forTests, filepath.ToSlash(name)) {
				_, err = s.room(filepath.ToSlash(name))
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	var all []text
	for _, one := range s.rooms {
		if one != nil && !slices.Contains(forTests, one.name) {
			all = append(all, one.texts(s.set)...)
		}
	}
	return all
}

// forTests are packages that only tests import.
var forTests = []string{"internal/db/dbtest", "internal/db/scope", "internal/worldtest", "internal/staff/oidc/oidctest"}

// sources are packages of Visavis with what their names mean. Of others nothing is known but their names: a constant of
// theirs is a Hole.
type sources struct {
	set   *token.FileSet
	root  string
	rooms map[string]*room
}

type room struct {
	name  string
	files []*ast.File
	uses  types.Info
	pkg   *types.Package
}

func (s *sources) room(name string) (*room, error) {
	if one, known := s.rooms[name]; known {
		return one, nil
	}
	s.rooms[name] = nil
	files, err := filepath.Glob(filepath.Join(s.root, filepath.FromSlash(name), "*.go"))
	if err != nil {
		return nil, err
	}
	one := &room{name: name, uses: types.Info{Uses: map[*ast.Ident]types.Object{}}}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(s.set, file, nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		one.files = append(one.files, parsed)
	}
	if len(one.files) == 0 {
		return nil, nil // a folder without a package
	}
	meant := types.Config{Importer: s, Error: func(error) {}} // of what others' packages hold, which nobody looks for
	one.pkg, _ = meant.Check(module+name, s.set, one.files, &one.uses)
	s.rooms[name] = one
	return one, nil
}

// Import is types.Importer.
func (s *sources) Import(name string) (*types.Package, error) {
	if ours, ok := strings.CutPrefix(name, module); ok {
		one, err := s.room(ours)
		if err != nil {
			return nil, err
		}
		if one != nil {
			return one.pkg, nil
		}
	}
	empty := types.NewPackage(name, path.Base(name))
	empty.MarkComplete()
	return empty, nil
}

// texts are those that stand in the package.
func (r *room) texts(set *token.FileSet) []text {
	var found []text
	for _, file := range r.files {
		r.find(file, func(at ast.Node, value string) {
			found = append(found, text{r.name, set.Position(at.Pos()).String(), strings.Join(strings.Fields(value), " ")})
		})
	}
	return found
}

func (r *room) find(within ast.Node, found func(ast.Node, string)) {
	ast.Inspect(within, func(n ast.Node) bool {
		switch v := n.(type) {
		case *ast.ImportSpec:
			return false
		case *ast.Field: // a tag is none
			if v.Type != nil {
				r.find(v.Type, found)
			}
			return false
		case *ast.GenDecl:
			if v.Tok == token.CONST {
				return false
			}
		case ast.Expr:
			value, holes, is := r.value(v)
			if !is {
				return true
			}
			found(v, value)
			for _, hole := range holes {
				r.find(hole, found)
			}
			return false
		}
		return true
	})
}

// value is what an expression says, if it says something, and what it is put together with that is known only later.
func (r *room) value(e ast.Expr) (value string, holes []ast.Expr, is bool) {
	switch v := e.(type) {
	case *ast.BasicLit:
		if text, err := strconv.Unquote(v.Value); err == nil && v.Kind == token.STRING {
			return text, nil, true
		}
	case *ast.Ident:
		return r.constant(v)
	case *ast.SelectorExpr:
		return r.constant(v.Sel)
	case *ast.ParenExpr:
		return r.value(v.X)
	case *ast.BinaryExpr:
		if v.Op != token.ADD {
			break
		}
		for _, side := range []ast.Expr{v.X, v.Y} {
			text, more, says := r.value(side)
			if !says {
				text, more = string(scope.Hole), []ast.Expr{side}
			}
			value, holes, is = value+text, append(holes, more...), is || says
		}
		return value, holes, is
	}
	return "", nil, false
}

func (r *room) constant(name *ast.Ident) (value string, holes []ast.Expr, is bool) {
	named, ok := r.uses.Uses[name].(*types.Const)
	if !ok || named.Val().Kind() != constant.String {
		return "", nil, false
	}
	return constant.StringVal(named.Val()), nil, true
}
