// C functions of a modal dialog of Qt, for qt-modal.ts.
#include <QApplication>
#include <QMessageBox>
#include <QTimer>

namespace {

QMessageBox* dialog = nullptr;

}  // namespace

extern "C" {

void modal_start() {
  static int argc = 1;
  static char name[] = "modal";
  static char* argv[] = {name, nullptr};
  new QApplication(argc, argv);
}

// Returns at once. The dialog runs a loop inside a callback of Qt.
void modal_open(void (*closed)()) {
  QTimer::singleShot(0, [closed] {
    QMessageBox box;
    dialog = &box;
    box.exec();
    dialog = nullptr;
    closed();
  });
}

void modal_accept() {
  if (dialog != nullptr) dialog->accept();
}
}
