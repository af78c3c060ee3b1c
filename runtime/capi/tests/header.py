#!/usr/bin/env python3
"""What follows from the C header alone.

header.py grown FIRST NOW   whether callers that were compiled with the first header are still understood: every constant,
                            function and struct field is there as it was, structs have grown at their ends alone
header.py documented NOW    whether every function says what it returns and what each of its pointers is
header.py wrong NOW         a C program that calls every function with what is wrong: NULL, handles that were freed or are
                            of another kind, structs without a size
header.py sizes FIRST       a C program of a first caller: structs of its sizes are taken, shorter ones are not, and nothing
                            is written behind them
"""

import re
import sys

# What is no mistake: nothing to free, no log wanted, no text asked for; what a session does without anything more.
FINE_WITH_NULL = {"fixate_session_free", "fixate_segmenter_free", "fixate_set_log_callback", "fixate_last_error"}
FINE_WITH_A_HANDLE = FINE_WITH_NULL | {"fixate_session_stop", "fixate_session_ask_keyframe"}
HANDLES = ("fixate_session", "fixate_segmenter")


class Header:
    def __init__(self, path):
        text = open(path).read()
        self.comments = {name: comment for comment, name in
                         re.findall(r"/\*((?:(?!\*/).)*)\*/\s*(?:[\w* ]+?)(fixate_\w+)\(", text, flags=re.S)}
        text = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
        self.constants = dict(re.findall(r"^#define (FIXATE_\w+) +(\S.*?)\s*$", text, flags=re.M))
        text = re.sub(r"^#.*$", "", text, flags=re.M)
        flat = " ".join(text.replace('extern "C" {', "").split())
        self.structs = {}
        for body, name in re.findall(r"typedef struct (?:\w+ )?\{([^}]*)\} (\w+);", flat):
            self.structs[name] = [field.strip() for field in body.split(";") if field.strip()]
        flat = re.sub(r"typedef struct (?:\w+ )?\{[^}]*\} \w+;", "", flat)
        self.typedefs = dict((name, result + "|" + arguments) for result, name, arguments
                             in re.findall(r"typedef ([\w ]+?) ?\(\*(\w+)\)\(([^;]*)\);", flat))
        flat = re.sub(r"typedef [^;]*;", "", flat)
        self.functions = {}
        for result, name, arguments in re.findall(r"([\w ]+?[ *]+)(fixate_\w+)\(([^;]*?)\);", flat):
            arguments = [] if arguments.strip() == "void" else [a.strip() for a in arguments.split(",")]
            self.functions[name] = (result.replace("extern", "").strip(), arguments)
        assert len(self.functions) > 30 and len(self.structs) > 8 and len(self.constants) > 50, path

    def versioned(self):
        return [name for name, fields in self.structs.items() if fields[0] == "uint32_t struct_size"]


def grown(first, now):
    wrong = []
    for kind in ("constants", "functions", "typedefs"):
        before, after = getattr(first, kind), getattr(now, kind)
        # The header's own version is what may change.
        wrong += [f"{name} was {value}, is {after.get(name)}" for name, value in before.items()
                  if after.get(name) != value and not name.startswith("FIXATE_VERSION_")]
    for name, fields in first.structs.items():
        after = now.structs.get(name, [])
        if after[: len(fields)] != fields:
            wrong.append(f"{name} does not begin with {fields}")
        if after != fields and name not in now.versioned():
            wrong.append(f"{name} has no struct_size and may not grow")
    for line in wrong:
        print(line, file=sys.stderr)
    print(f"{len(first.functions)} functions, {len(first.structs)} structs, {len(first.constants)} constants are as they "
          f"were; {sum(now.structs[name] != fields for name, fields in first.structs.items())} structs have grown")
    return bool(wrong)


def documented(now):
    wrong = []
    for name, (result, arguments) in now.functions.items():
        comment = now.comments.get(name, "")
        if not comment.strip():
            wrong.append(f"{name} has no comment")
        if result == "int32_t" and "Returns" not in comment:
            wrong.append(f"{name} does not say what it returns")
        for argument in arguments:
            pointer = re.search(r"\*(\w+)$", argument)
            own_handle = argument is arguments[0] and kind_of(argument) in HANDLES
            if pointer and not own_handle and f"`{pointer[1]}`" not in comment:
                wrong.append(f"{name} does not say what {pointer[1]} is")
    for line in wrong:
        print(line, file=sys.stderr)
    print(f"{len(now.functions)} functions are documented")
    return bool(wrong)


def zero(argument):
    return "NULL" if "*" in argument or re.match(r"fixate_(release|log_callback)\b", argument) else "0"


def kind_of(argument):
    return re.sub(r"^const ", "", argument).split()[0].rstrip("*")


def wrong(now):
    print('#include <string.h>\n\n#include "check.h"\n\nint main(void)\n{')
    print("    fixate_session *session = NULL, *freed_session = NULL;")
    print("    fixate_segmenter *segmenter = NULL, *freed_segmenter = NULL;\n    int on_the_stack = 0;")
    for kind in HANDLES:
        short = kind.removeprefix("fixate_")
        print(f"    CHECK({kind}_create(NULL, NULL, &freed_{short}) == FIXATE_OK);")
        print(f"    CHECK({kind}_free(freed_{short}) == FIXATE_OK);")
        print(f"    CHECK({kind}_create(NULL, NULL, &{short}) == FIXATE_OK);")
    last = []
    for name, (result, arguments) in now.functions.items():
        if result != "int32_t":
            print(f"    (void){name}({', '.join(zero(a) for a in arguments)});")
            continue
        zeros = [zero(argument) for argument in arguments]
        sign = "<= 0" if name in FINE_WITH_NULL else "< 0"
        print(f"    CHECK({name}({', '.join(zeros)}) {sign});")
        first = kind_of(arguments[0]) if arguments else ""
        if first not in HANDLES or arguments[0].count("*") != 1:
            for index, argument in enumerate(arguments):
                unsized(now, name, arguments, zeros, index, argument)
            continue
        short, other = first.removeprefix("fixate_"), [kind for kind in HANDLES if kind != first][0]
        for handle in (f"freed_{short}", f"({first} *)(void *)&on_the_stack",
                       f"({first} *)(void *){other.removeprefix('fixate_')}"):
            print(f"    CHECK({name}({', '.join([handle] + zeros[1:])}) == FIXATE_ERROR_HANDLE);")
        if name.endswith(("_stop", "_free")):
            last.append((name, ", ".join([short] + zeros[1:])))
            continue
        sign = "<= 0" if name in FINE_WITH_A_HANDLE else "< 0"
        print(f"    CHECK({name}({', '.join([short] + zeros[1:])}) {sign});")
        for index, argument in enumerate(arguments[1:], 1):
            unsized(now, name, arguments, [short] + zeros[1:], index, argument)
    for name, arguments in sorted(last, key=lambda call: call[0].endswith("_free")):
        print(f"    CHECK({name}({arguments}) == FIXATE_OK);")
        if name.endswith("_free"):
            print(f"    CHECK({name}({arguments}) == FIXATE_ERROR_HANDLE);")
    print('    printf("%d checks passed\\n", checks);\n    return 0;\n}')


def unsized(now, name, arguments, call, index, argument):
    """A struct that was not initialised."""
    struct = kind_of(argument)
    if struct not in now.versioned() or name.endswith("_init"):
        return
    for size in ("0", "3", f"sizeof({struct}) / 16"):
        print(f"    {{\n        {struct} wrong;\n        memset(&wrong, 0, sizeof wrong);")
        print(f"        wrong.struct_size = {size};")
        call = [*call[:index], "&wrong", *call[index + 1:]]
        print(f"        CHECK({name}({', '.join(call)}) < 0);\n    }}")


def sizes(first):
    print('#include <string.h>\n\n#include "check.h"\n\nint main(void)\n{')
    for struct in first.versioned():
        print(f"""    {{
        struct {{
            {struct} known;
            unsigned char behind[512];
        }} caller;
        size_t index;
        memset(&caller, 0xa5, sizeof caller);
        CHECK({struct}_init(&caller.known, sizeof caller.known) == FIXATE_OK);
        CHECK(caller.known.struct_size == sizeof caller.known);
        for (index = 0; index < sizeof caller.behind; index++) {{
            CHECK(caller.behind[index] == 0xa5);
        }}
        CHECK({struct}_init(&caller.known, sizeof caller.known - 1) == FIXATE_ERROR_STRUCT_SIZE);
        CHECK({struct}_init(&caller.known, 0) == FIXATE_ERROR_STRUCT_SIZE);
        CHECK({struct}_init(NULL, sizeof caller.known) == FIXATE_ERROR_NULL);
        CHECK({struct}_init((({struct} *)(void *)&caller), sizeof caller) == FIXATE_OK);
    }}""")
    print('    printf("%d checks passed\\n", checks);\n    return 0;\n}')


def main():
    what, *paths = sys.argv[1:]
    headers = [Header(path) for path in paths]
    return {"grown": grown, "documented": documented, "wrong": wrong, "sizes": sizes}[what](*headers)


sys.exit(main())
