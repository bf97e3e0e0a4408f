//! The shape of a Rust file: functions, names, imports, and where its tests lie.

use std::ops::RangeInclusive;

use syn::{
    Attribute, Block, File, Ident, ImplItemFn, Item, ItemFn, ItemImpl, ItemUse, Meta, Signature,
    Token, TraitItemFn, UseTree,
    punctuated::Punctuated,
    spanned::Spanned,
    visit::{self, Visit},
};

/// What a file declares and imports.
#[derive(Debug, Default)]
pub struct Outline {
    /// Every function that has a body, tests included.
    pub functions: Vec<Function>,
    /// Every name that the file itself chose for a type, module or function.
    ///
    /// Not among them are methods of `impl Trait for Type`, whose names the trait chose, and the
    /// names of tests, which are sentences.
    pub names: Vec<Name>,
    /// Every imported path, groups taken apart, renames forgotten.
    pub imports: Vec<Import>,
    /// The lines that are compiled for tests alone.
    pub test_lines: Vec<RangeInclusive<usize>>,
    /// The modules that are declared here for tests alone and live in files of their own.
    pub test_modules: Vec<String>,
}

/// A function with a body.
#[derive(Debug)]
pub struct Function {
    /// Its name.
    pub name: String,
    /// The line of its signature, from 1.
    pub line: usize,
    /// How many lines it takes from its signature to its closing brace.
    pub lines: usize,
}

/// A name that the file defines.
#[derive(Debug)]
pub struct Name {
    /// What it names.
    pub kind: NameKind,
    /// How it is written.
    pub name: String,
    /// Its line, from 1.
    pub line: usize,
}

/// What a [`Name`] names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameKind {
    /// A struct, enum, union, trait or type alias.
    Type,
    /// A module.
    Module,
    /// A function or method.
    Function,
}

/// One imported path.
#[derive(Debug)]
pub struct Import {
    /// Its parts joined by `::`; a glob ends in `*`.
    pub path: String,
    /// The line of its last part, from 1.
    pub line: usize,
}

impl Outline {
    /// Reads the outline of a parsed file.
    pub fn of(file: &File) -> Self {
        let mut outliner = Outliner::default();
        outliner.visit_file(file);
        outliner.outline
    }
}

#[derive(Default)]
struct Outliner {
    outline: Outline,
    /// Whether the methods being visited have their names from a trait.
    imposed: bool,
}

impl Outliner {
    fn name(&mut self, kind: NameKind, name: &Ident) {
        let (name, line) = (name.to_string(), name.span().start().line);
        self.outline.names.push(Name { kind, name, line });
    }

    fn function(&mut self, attributes: &[Attribute], signature: &Signature, body: Option<&Block>) {
        if !self.imposed && !attributes.iter().any(is_test_attribute) {
            self.name(NameKind::Function, &signature.ident);
        }
        if let Some(body) = body {
            let line = signature.span().start().line;
            let lines = body.span().end().line + 1 - line;
            let name = signature.ident.to_string();
            self.outline.functions.push(Function { name, line, lines });
        }
    }

    fn test_lines(&mut self, attributes: &[Attribute], item: &impl Spanned) {
        if attributes.iter().any(is_for_tests) {
            let span = item.span();
            self.outline.test_lines.push(span.start().line..=span.end().line);
        }
    }

    fn import(&mut self, prefix: &str, tree: &UseTree) {
        let path = |part: &str| {
            if prefix.is_empty() { part.to_owned() } else { format!("{prefix}::{part}") }
        };
        let line = tree.span().end().line;
        let imported = match tree {
            UseTree::Path(step) => return self.import(&path(&step.ident.to_string()), &step.tree),
            UseTree::Group(group) => {
                return group.items.iter().for_each(|tree| self.import(prefix, tree));
            }
            UseTree::Name(last) if last.ident == "self" => prefix.to_owned(),
            UseTree::Name(last) => path(&last.ident.to_string()),
            UseTree::Rename(last) => path(&last.ident.to_string()),
            UseTree::Glob(_) => path("*"),
        };
        self.outline.imports.push(Import { path: imported, line });
    }
}

impl<'ast> Visit<'ast> for Outliner {
    fn visit_item(&mut self, item: &'ast Item) {
        self.test_lines(attributes(item), item);
        match item {
            Item::Struct(it) => self.name(NameKind::Type, &it.ident),
            Item::Enum(it) => self.name(NameKind::Type, &it.ident),
            Item::Union(it) => self.name(NameKind::Type, &it.ident),
            Item::Trait(it) => self.name(NameKind::Type, &it.ident),
            Item::Type(it) => self.name(NameKind::Type, &it.ident),
            Item::Mod(it) => {
                self.name(NameKind::Module, &it.ident);
                if it.content.is_none() && it.attrs.iter().any(is_for_tests) {
                    self.outline.test_modules.push(it.ident.to_string());
                }
            }
            _ => {}
        }
        // An item inside a method of `impl Trait for Type` has its name from the file again.
        let imposed = std::mem::take(&mut self.imposed);
        visit::visit_item(self, item);
        self.imposed = imposed;
    }

    fn visit_item_impl(&mut self, item: &'ast ItemImpl) {
        self.imposed = item.trait_.is_some();
        visit::visit_item_impl(self, item);
    }

    fn visit_item_fn(&mut self, item: &'ast ItemFn) {
        self.function(&item.attrs, &item.sig, Some(&item.block));
        visit::visit_item_fn(self, item);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast ImplItemFn) {
        self.test_lines(&item.attrs, item);
        self.function(&item.attrs, &item.sig, Some(&item.block));
        visit::visit_impl_item_fn(self, item);
    }

    fn visit_trait_item_fn(&mut self, item: &'ast TraitItemFn) {
        self.function(&item.attrs, &item.sig, item.default.as_ref());
        visit::visit_trait_item_fn(self, item);
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        self.import("", &item.tree);
    }
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(it) => &it.attrs,
        Item::Enum(it) => &it.attrs,
        Item::Fn(it) => &it.attrs,
        Item::Impl(it) => &it.attrs,
        Item::Macro(it) => &it.attrs,
        Item::Mod(it) => &it.attrs,
        Item::Static(it) => &it.attrs,
        Item::Struct(it) => &it.attrs,
        Item::Trait(it) => &it.attrs,
        Item::Type(it) => &it.attrs,
        Item::Union(it) => &it.attrs,
        Item::Use(it) => &it.attrs,
        _ => &[],
    }
}

/// `#[test]`, `#[tokio::test]`, `#[cfg(test)]`, `#[cfg(all(test, …))]`.
fn is_for_tests(attribute: &Attribute) -> bool {
    let demanded = || attribute.parse_args::<Meta>().is_ok_and(|meta| demands_test(&meta));
    is_test_attribute(attribute) || (attribute.path().is_ident("cfg") && demanded())
}

fn is_test_attribute(attribute: &Attribute) -> bool {
    attribute.path().segments.last().is_some_and(|last| last.ident == "test")
}

fn demands_test(meta: &Meta) -> bool {
    match meta {
        Meta::Path(path) => path.is_ident("test"),
        Meta::List(list) if list.path.is_ident("all") => list
            .parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated)
            .is_ok_and(|all| all.iter().any(demands_test)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outline(text: &str) -> Outline {
        Outline::of(&syn::parse_file(text).unwrap())
    }

    #[test]
    fn test_lines_are_those_that_only_tests_compile() {
        for (text, test) in [
            ("#[cfg(test)]\nmod tests {}", true),
            ("#[cfg(all(test, unix))]\nfn a() {}", true),
            ("#[tokio::test]\nasync fn a() {}", true),
            ("#[cfg(test)]\nuse a::b;", true),
            ("impl A {\n#[cfg(test)]\nfn a() {}\n}", true),
            ("#[cfg(not(test))]\nfn a() {}", false),
            ("#[cfg(any(test, unix))]\nfn a() {}", false),
            ("#[cfg(unix)]\nfn a() {}", false),
        ] {
            let lines = outline(text).test_lines;
            assert_eq!(lines.iter().any(|lines| lines.contains(&2)), test, "{text}");
        }
    }

    #[test]
    fn functions_are_measured_from_signature_to_brace() {
        let text = "/// Doc.\n#[inline]\nfn a()\n{\n}\ntrait T { fn b(); fn c() {} }";
        let functions = outline(text).functions;
        let measured: Vec<_> =
            functions.iter().map(|it| (it.name.as_str(), it.line, it.lines)).collect();
        assert_eq!(measured, [("a", 3, 3), ("c", 6, 1)]);
    }

    #[test]
    fn names_that_a_trait_or_a_test_chose_are_not_the_files_own() {
        let text = "mod a; struct B; trait C { fn d(); } \
                    impl E { fn f() { enum G {} } } \
                    impl H for I { fn j() { fn k() {} } } \
                    #[test] fn l() {}";
        let names: Vec<String> = outline(text).names.into_iter().map(|it| it.name).collect();
        assert_eq!(names, ["a", "B", "C", "d", "f", "G", "k"]);
    }

    #[test]
    fn imports_are_taken_apart() {
        let imports = outline("use a::{b, c::{self, d as e}};\nfn f() { use g::*; }").imports;
        let paths: Vec<_> = imports.iter().map(|it| (it.path.as_str(), it.line)).collect();
        assert_eq!(paths, [("a::b", 1), ("a::c", 1), ("a::c::d", 1), ("g::*", 2)]);
    }
}
