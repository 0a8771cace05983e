/* Stands in for PowerShell under Wine, which has none: keeps its arguments and module path for
   the test to look at, prints the file that the test names, and ends with the code that it
   names. For tests alone. */
#include <windows.h>
#include <shellapi.h>
#include <stdio.h>
#include <stdlib.h>

static void keep(FILE *file, const wchar_t *text)
{
    char bytes[65536];
    int length = WideCharToMultiByte(CP_UTF8, 0, text, -1, bytes, sizeof bytes, NULL, NULL);
    fwrite(bytes, 1, length > 0 ? length : 0, file);
}

int main(void)
{
    const wchar_t *code = _wgetenv(L"ASSIGNABLE_POWERSHELL_CODE");
    const wchar_t *modules = _wgetenv(L"PSModulePath");
    FILE *asked = _wfopen(_wgetenv(L"ASSIGNABLE_POWERSHELL_ASKED"), L"wb");
    FILE *answer = _wfopen(_wgetenv(L"ASSIGNABLE_POWERSHELL_ANSWER"), L"rb");
    char bytes[4096];
    size_t length;
    int count, i;
    wchar_t **arguments = CommandLineToArgvW(GetCommandLineW(), &count);
    if (!asked || !answer)
        return 99;
    keep(asked, modules ? modules : L"");
    for (i = 1; i < count; i++)
        keep(asked, arguments[i]);
    fclose(asked);
    while ((length = fread(bytes, 1, sizeof bytes, answer)) > 0)
        fwrite(bytes, 1, length, stdout);
    if (code)
        fputs("a cmdlet failed\n", stderr);
    return code ? _wtoi(code) : 0;
}
