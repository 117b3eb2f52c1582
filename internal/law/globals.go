package law

import (
	"go/ast"
	"go/token"
)

// Globals gives what a file holds at package level that the law forbids: init
// functions, and variables that could change. A variable may hold an error, a
// compiled pattern or a table that nothing writes to; blank ones assert types.
func Globals(fset *token.FileSet, file *ast.File) []string {
	var breaches []string
	at := func(n ast.Node) string { return fset.Position(n.Pos()).String() }
	for _, d := range file.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Name.Name == "init" && d.Recv == nil {
				breaches = append(breaches, at(d)+": func init: have whoever needs it call it")
			}
		case *ast.GenDecl:
			if d.Tok != token.VAR {
				continue
			}
			for _, s := range d.Specs {
				v, ok := s.(*ast.ValueSpec)
				if !ok || embedded(d, v) {
					continue
				}
				for i, name := range v.Names {
					if name.Name == "_" {
						continue
					}
					if len(v.Values) == 0 || i < len(v.Values) && mutable(v.Values[i]) {
						breaches = append(breaches, at(name)+": var "+name.Name+" could change: keep it in a struct that a constructor makes")
					}
				}
			}
		}
	}
	return append(breaches, writes(fset, file)...)
}

// embedded reports whether //go:embed fills the variable.
func embedded(d *ast.GenDecl, v *ast.ValueSpec) bool {
	for _, doc := range []*ast.CommentGroup{d.Doc, v.Doc} {
		if doc == nil {
			continue
		}
		for _, c := range doc.List {
			if len(c.Text) > 10 && c.Text[:10] == "//go:embed" {
				return true
			}
		}
	}
	return false
}

// mutable reports whether an initial value is of a kind that is made to change: a
// made map, slice or channel, a lock, a pool, an atomic. A struct that nothing writes
// to, such as a ready answer, may stay.
func mutable(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.UnaryExpr:
		return e.Op == token.AND && mutable(e.X)
	case *ast.CallExpr:
		if id, ok := e.Fun.(*ast.Ident); ok && (id.Name == "make" || id.Name == "new") {
			return true
		}
	case *ast.CompositeLit:
		if sel, ok := e.Type.(*ast.SelectorExpr); ok {
			if pkg, ok := sel.X.(*ast.Ident); ok && (pkg.Name == "sync" || pkg.Name == "atomic") {
				return true
			}
		}
	}
	return false
}

// writes finds assignments within functions to package-level variables of the same
// file, where no local name hides them.
func writes(fset *token.FileSet, file *ast.File) []string {
	globals := map[*ast.Object]bool{} //nolint:staticcheck // the resolver of one file is all that is needed
	for _, d := range file.Decls {
		if g, ok := d.(*ast.GenDecl); ok && g.Tok == token.VAR {
			for _, s := range g.Specs {
				for _, name := range s.(*ast.ValueSpec).Names {
					if name.Obj != nil {
						globals[name.Obj] = true
					}
				}
			}
		}
	}
	var breaches []string
	told := func(e ast.Expr) {
		for {
			switch x := e.(type) {
			case *ast.IndexExpr:
				e = x.X
				continue
			case *ast.SelectorExpr:
				e = x.X
				continue
			case *ast.Ident:
				if x.Obj != nil && globals[x.Obj] {
					breaches = append(breaches, fset.Position(x.Pos()).String()+": writes to the package-level "+x.Name)
				}
			}
			return
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			for _, l := range n.Lhs {
				told(l)
			}
		case *ast.IncDecStmt:
			told(n.X)
		}
		return true
	})
	return breaches
}
