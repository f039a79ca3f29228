//! From text to tree: reads parser events and refuses what the language does without.

use std::collections::HashMap;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, ScanError, Span as Marks};

use crate::diagnostic::{Problem, Problems};
use crate::source::{Source, Span};
use crate::tree::{Key, Kind, Node};

/// Deepest nesting that is read.
const DEEPEST: usize = 64;

/// Reads one document; `None` when there is none that can be walked.
pub(crate) fn read(source: &Source, problems: &mut Problems) -> Option<Node> {
    let mut builder = Builder::new(source);
    let mut parser = Parser::new_from_str(&source.text);
    let mut failure: Option<Problems> = None;
    while let Some(event) = parser.next_event() {
        match event {
            Ok((event, marks)) => {
                if let Err(problems) = builder.take(event, marks) {
                    failure = Some(problems);
                    break;
                }
            }
            Err(error) => {
                failure = Some(builder.syntax(&error).into());
                break;
            }
        }
    }
    // A tab confuses the parser into errors elsewhere, so it is named instead of them.
    if let Some(tabs) = builder.tabs() {
        problems.push(tabs);
        return None;
    }
    problems.extend(builder.problems);
    match (failure, builder.root) {
        (Some(failure), _) => {
            problems.extend(failure);
            None
        }
        (None, Some(root)) => Some(root),
        (None, None) => {
            problems.push(Problem::of_file(&source.file, "the file is empty"));
            None
        }
    }
}

/// A list or mapping whose end has not come yet.
struct Open {
    span: Span,
    entries: Vec<Node>,
    /// `None` in a list.
    mapping: Option<Pending>,
    /// Keys of a mapping so far, each with its line.
    keys: HashMap<String, usize>,
}

/// The key of a mapping whose value has not come yet.
enum Pending {
    NoKey,
    Key(Key),
    /// A refused or repeated key: its value is read and dropped.
    Dropped,
}

struct Builder<'a> {
    source: &'a Source,
    problems: Problems,
    open: Vec<Open>,
    root: Option<Node>,
    /// Lines of scalars after their first: a tab there is content.
    continued: Vec<std::ops::RangeInclusive<usize>>,
    documents: usize,
}

impl<'a> Builder<'a> {
    fn new(source: &'a Source) -> Self {
        Self {
            source,
            problems: Problems::default(),
            open: Vec::new(),
            root: None,
            continued: Vec::new(),
            documents: 0,
        }
    }

    /// Takes one event; an error ends the reading.
    fn take(&mut self, event: Event<'_>, marks: Marks) -> Result<(), Problems> {
        let span = self.span(marks);
        match event {
            Event::DocumentStart(_) => {
                self.documents += 1;
                if self.documents > 1 {
                    return Err(self
                        .source
                        .problem(span, "a second document begins here")
                        .expected("expected one document in a file")
                        .help("move it into a file of its own")
                        .into());
                }
            }
            Event::Scalar(text, style, anchor, tag) => {
                if marks.end.line() > marks.start.line() {
                    self.continued.push(marks.start.line() + 1..=marks.end.line());
                }
                let mut kind = match style {
                    ScalarStyle::Plain => Kind::plain(&text),
                    _ => Kind::Text(text.into_owned()),
                };
                if self.refuses(span, anchor, tag.is_some()) {
                    kind = Kind::Refused;
                }
                self.place(span, kind);
            }
            Event::Alias(_) => {
                self.refuse(span, "aliases are not part of the scenario language");
                self.place(span, Kind::Refused);
            }
            Event::SequenceStart(anchor, tag) => {
                self.refuses(span, anchor, tag.is_some());
                self.begin(span, None)?;
            }
            Event::MappingStart(anchor, tag) => {
                self.refuses(span, anchor, tag.is_some());
                self.begin(span, Some(Pending::NoKey))?;
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(),
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => {}
        }
        Ok(())
    }

    fn begin(&mut self, span: Span, mapping: Option<Pending>) -> Result<(), Problems> {
        if self.open.len() == DEEPEST {
            return Err(self
                .source
                .problem(span, format!("nested more than {DEEPEST} levels deep"))
                .into());
        }
        self.open.push(Open {
            span,
            entries: Vec::new(),
            mapping,
            keys: HashMap::new(),
        });
        Ok(())
    }

    fn end(&mut self) {
        // The parser balances its events; an end without a start has nothing to close.
        if let Some(open) = self.open.pop() {
            let kind = match open.mapping {
                None => Kind::List(open.entries),
                Some(_) => Kind::Map(open.entries),
            };
            self.place(open.span, kind);
        }
    }

    /// Puts a finished value where it belongs: item, key, value of a key, or the whole document.
    fn place(&mut self, span: Span, kind: Kind) {
        let Some(open) = self.open.last_mut() else {
            self.root = Some(Node { key: None, span, kind });
            return;
        };
        let Some(pending) = &mut open.mapping else {
            open.entries.push(Node { key: None, span, kind });
            return;
        };
        match std::mem::replace(pending, Pending::NoKey) {
            Pending::Key(key) => open.entries.push(Node {
                key: Some(key),
                span,
                kind,
            }),
            Pending::Dropped => {}
            Pending::NoKey => {
                let key = self.key(span, kind);
                if let Some(open) = self.open.last_mut() {
                    open.mapping = Some(key);
                }
            }
        }
    }

    /// The key of the innermost mapping, unless it is refused or already there.
    fn key(&mut self, span: Span, kind: Kind) -> Pending {
        let text = match kind {
            Kind::Text(text) => text,
            Kind::Bool(value) => value.to_string(),
            Kind::Number(_, written) => written,
            Kind::Refused => return Pending::Dropped,
            Kind::Null | Kind::List(_) | Kind::Map(_) => {
                let problem = self
                    .source
                    .problem(span, "a key must be a word")
                    .expected("expected `key: value`");
                self.problems.push(problem);
                return Pending::Dropped;
            }
        };
        let first = self.open.last().and_then(|open| open.keys.get(&text).copied());
        match first {
            None => {
                if let Some(open) = self.open.last_mut() {
                    open.keys.insert(text.clone(), span.line);
                }
                Pending::Key(Key { text, span })
            }
            Some(line) => {
                let problem = self
                    .source
                    .problem(span, format!("duplicate key `{text}`"))
                    .help(format!("it is given first on line {line}; keep one of the two"));
                self.problems.push(problem);
                Pending::Dropped
            }
        }
    }

    /// Whether a value carries an anchor or a tag, which is then reported.
    fn refuses(&mut self, span: Span, anchor: usize, tagged: bool) -> bool {
        if anchor != 0 {
            self.refuse(span, "anchors are not part of the scenario language");
        }
        if tagged {
            self.refuse(span, "tags are not part of the scenario language");
        }
        anchor != 0 || tagged
    }

    fn refuse(&mut self, span: Span, what: &str) {
        let problem = self
            .source
            .problem(span, what)
            .help("write the value out, so that each file reads by itself");
        self.problems.push(problem);
    }

    /// The parser's own error.
    fn syntax(&self, error: &ScanError) -> Problem {
        let span = self.span(Marks::empty(*error.marker()));
        self.source
            .problem(span, format!("not YAML: {}", error.info()))
            .help("the cause may stand a little above: a quote or bracket left open, or `: ` in text without quotes")
    }

    /// The lines that are indented with tabs, as one problem at the first.
    fn tabs(&self) -> Option<Problem> {
        let indented = |line: &str| {
            let indent = &line[..line.len() - line.trim_start_matches([' ', '\t']).len()];
            indent.contains('\t') && indent.len() < line.trim_end().len()
        };
        let lines = self.source.text.lines().enumerate();
        let mut tabs = lines
            .filter(|(_, line)| indented(line))
            .map(|(index, line)| (index + 1, line))
            .filter(|(number, _)| !self.continued.iter().any(|range| range.contains(number)));
        let (line, text) = tabs.next()?;
        let column = text.chars().take_while(|c| *c != '\t').count() + 1;
        let width = text.chars().skip(column - 1).take_while(|c| *c == '\t').count();
        let problem = self
            .source
            .problem(Span { line, column, width }, "a tab is used for indentation")
            .expected("expected spaces");
        Some(match tabs.count() {
            0 => problem.help("YAML indents with spaces; two per level are usual"),
            1 => problem.help("one more line is indented with tabs"),
            more => problem.help(format!("{more} more lines are indented with tabs")),
        })
    }

    /// The part of an event that lies on its first line.
    fn span(&self, marks: Marks) -> Span {
        let Marks { start, end } = marks;
        let to_end_of_line = |start: &Marker| {
            let line = self.source.line(start.line()).trim_end();
            line.chars().count().saturating_sub(start.col())
        };
        let width = if end.line() == start.line() {
            end.col().saturating_sub(start.col())
        } else {
            to_end_of_line(&start)
        };
        Span {
            line: start.line(),
            column: start.col() + 1,
            width: width.max(1),
        }
    }
}
